package hedge

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/storage"
)

// hedgedOpen is one Open of several origins. failsafe-go's hedge does not fit: it does
// not begin the next attempt when one fails, drops the results of those that lose,
// which have bodies to close, and ends the context of the winner with the call.
type hedgedOpen struct {
	*mirrors
	origins []storage.Origin
	ctx     context.Context
	key     string
	have    storage.Version
	answers chan answer          // not buffered: an attempt that is not received cleans up after itself
	done    chan struct{}        // closed when nobody receives any more
	cancels []context.CancelFunc // of the origins that were tried
	running []bool               // of the origins that were tried
	causes  []error              // of the origins that were tried, why they could not answer
	denial  *answer              // the ErrNotFound of the nearest origin
	retried bool                 // one is tried once more
}

type answer struct {
	from   int // index of the origin
	object *storage.Object
	err    error
}

// run tries one origin after the other until one has answered or all have failed. With
// an error the answer is nil.
func (h *hedgedOpen) run() (*answer, error) {
	h.start(h.add())
	for slices.Contains(h.running, true) || h.retry() {
		slow, stop := h.hedgeTimer()
		select {
		case a := <-h.answers:
			stop()
			if h.receive(a) {
				return &a, a.err
			}
			if h.isDenied() {
				return nil, h.denial.err
			}
		case <-slow:
			h.startNext(h.observer.Hedged)
		case <-h.ctx.Done():
			stop()
			return nil, storage.Unavailable(h.ctx, h.String(), h.ctx.Err())
		}
	}
	if h.ctx.Err() != nil {
		return nil, storage.Unavailable(h.ctx, h.String(), h.ctx.Err())
	}
	return nil, storage.AllFailed(slices.DeleteFunc(h.causes, func(cause error) bool { return cause == nil }))
}

// hasFailure reports that an origin could not answer.
func (h *hedgedOpen) hasFailure() bool {
	return slices.ContainsFunc(h.causes, func(cause error) bool { return cause != nil })
}

// isDenied reports that an origin has no such object, and neither have those before
// it. While one could not answer that is not the answer of all: it may have what has
// not reached the others yet.
func (h *hedgedOpen) isDenied() bool {
	return h.denial != nil && !h.hasFailure() && !slices.Contains(h.running[:h.denial.from], true)
}

// receive takes an answer, and reports whether it decides.
func (h *hedgedOpen) receive(a answer) bool {
	h.running[a.from], h.causes[a.from] = false, nil
	switch {
	case a.err == nil || errors.Is(a.err, storage.ErrNotModified):
		return true
	case failure.Of(a.err) == failure.NotFound:
		if h.denial == nil || a.from < h.denial.from {
			h.denial = &a
		}
		if h.hasFailure() {
			h.startNext(h.observer.FailedOver)
		}
	case h.ctx.Err() == nil:
		h.causes[a.from] = a.err
		h.startNext(h.observer.FailedOver)
	}
	return false
}

// hasNext reports whether an origin is left to be tried, and there is a reason to.
func (h *hedgedOpen) hasNext() bool {
	return (h.denial == nil || h.hasFailure()) && len(h.cancels) < len(h.origins)
}

// hedgeTimer gives a signal when the next origin is to be tried as well.
func (h *hedgedOpen) hedgeTimer() (signal <-chan time.Time, stop func()) {
	d := h.after()
	if d <= 0 || !h.hasNext() {
		return nil, func() {}
	}
	timer := time.NewTimer(d)
	return timer.C, func() { timer.Stop() }
}

// startNext tries the next origin, if there is one, and tells the observer.
func (h *hedgedOpen) startNext(observe func(backend string)) {
	if !h.hasNext() {
		return
	}
	next := h.add()
	if observe != nil {
		observe(h.origins[next].String())
	}
	h.start(next)
}

// add makes room for the next origin.
func (h *hedgedOpen) add() (index int) {
	h.cancels = append(h.cancels, func() {})
	h.running = append(h.running, false)
	h.causes = append(h.causes, nil)
	return len(h.cancels) - 1
}

// start tries an origin. Each attempt has a context of its own, which the body of the
// winner keeps.
func (h *hedgedOpen) start(i int) {
	ctx, cancel := context.WithCancel(h.ctx)
	h.cancels[i], h.running[i] = cancel, true
	go func() {
		object, err := storage.Protect(ctx, h.origins[i].String(), func() (*storage.Object, error) { return h.open(ctx, i) })
		select {
		case h.answers <- answer{i, object, err}:
		case <-h.done:
			if err == nil {
				object.Discard()
			}
		}
	}()
}

// open opens the object at an origin, the last one with a second attempt: nobody else
// is left to be tried.
func (h *hedgedOpen) open(ctx context.Context, i int) (*storage.Object, error) {
	if i == len(h.origins)-1 {
		return openTwice(ctx, h.origins[i], h.key, h.have)
	}
	return h.origins[i].Open(ctx, h.key, h.have)
}

func (h *hedgedOpen) cancelAllBut(best *answer) {
	for i, cancel := range h.cancels {
		if best == nil || i != best.from {
			cancel()
		}
	}
}
