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
	ctx     context.Context
	key     string
	have    storage.Version
	answers chan answer   // not buffered: an attempt that is not received cleans up after itself
	done    chan struct{} // closed when nobody receives any more
	tried   []attempt     // of the first members
	denial  *answer       // the ErrNotFound of the nearest origin
	retried bool          // one is tried once more
}

// attempt is the last one at an origin.
type attempt struct {
	cancel  context.CancelFunc
	running bool
	cause   error // why it could not answer
}

type answer struct {
	from   int // index of the origin
	object *storage.Object
	err    error
}

// run tries one origin after the other until one has answered or all have failed. With
// an error the answer is nil.
func (h *hedgedOpen) run() (*answer, error) {
	h.startNext(nil)
	for isRunning(h.tried) {
		select {
		case a := <-h.answers:
			if h.receive(a) {
				return &a, a.err
			}
			if h.isDenied() {
				return nil, h.denial.err
			}
		case <-h.slow():
			h.startNext(h.observer.Hedged)
		case <-h.ctx.Done():
			return nil, storage.Unavailable(h.ctx, h.String(), h.ctx.Err())
		}
	}
	if h.ctx.Err() != nil {
		return nil, storage.Unavailable(h.ctx, h.String(), h.ctx.Err())
	}
	return nil, storage.AllFailed(h.causes())
}

func isRunning(tried []attempt) bool {
	return slices.ContainsFunc(tried, func(a attempt) bool { return a.running })
}

func (h *hedgedOpen) causes() (all []error) {
	for _, a := range h.tried {
		if a.cause != nil {
			all = append(all, a.cause)
		}
	}
	return all
}

func (h *hedgedOpen) hasFailure() bool { return len(h.causes()) > 0 }

// isDenied reports that an origin has no such object, and neither have those before
// it. While one could not answer that is not the answer of all: it may have what has
// not reached the others yet.
func (h *hedgedOpen) isDenied() bool {
	return h.denial != nil && !h.hasFailure() && !isRunning(h.tried[:h.denial.from])
}

// receive takes an answer, and reports whether it decides.
func (h *hedgedOpen) receive(a answer) bool {
	h.tried[a.from].running, h.tried[a.from].cause = false, nil
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
		h.tried[a.from].cause = a.err
		h.startNext(h.observer.FailedOver)
	}
	return false
}

// hasNext reports whether an origin is left to be tried, and there is a reason to.
func (h *hedgedOpen) hasNext() bool {
	return (h.denial == nil || h.hasFailure()) && len(h.tried) < len(h.Members())
}

// slow gives a signal when the next origin is to be tried as well.
func (h *hedgedOpen) slow() <-chan time.Time {
	if d := h.after(); d > 0 && h.hasNext() {
		return time.After(d)
	}
	return nil
}

// startNext tries the next origin, and tells the observer. If none is left it makes the second
// attempt.
func (h *hedgedOpen) startNext(observe func(backend string)) {
	if !h.hasNext() {
		h.retry()
		return
	}
	next := len(h.tried)
	if observe != nil {
		observe(h.Members()[next].String())
	}
	h.tried = append(h.tried, attempt{})
	h.start(next, 0)
}

// start tries an origin after a pause. Each attempt has a context of its own, which the body
// of the winner keeps.
func (h *hedgedOpen) start(i int, pause time.Duration) {
	ctx, cancel := context.WithCancel(h.ctx)
	h.tried[i].cancel, h.tried[i].running = cancel, true
	origin := h.Members()[i]
	go func() {
		a := answer{from: i}
		a.err = storage.Protect(ctx, origin.String(), func() (err error) {
			if pause > 0 {
				select {
				case <-time.After(pause):
				case <-ctx.Done(): // Open says so
				}
			}
			a.object, err = origin.Open(ctx, h.key, h.have)
			return err
		})
		select {
		case h.answers <- a:
		case <-h.done:
			if a.err == nil {
				a.object.Discard()
			}
		}
	}()
}

func (h *hedgedOpen) cancelAllBut(best *answer) {
	for i, a := range h.tried {
		if best == nil || i != best.from {
			a.cancel()
		}
	}
}
