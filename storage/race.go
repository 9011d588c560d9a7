package storage

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
)

// race is one Open of several places. failsafe-go's hedge is not used: it does
// not begin the next attempt when one fails, lets the results of losers fall,
// which have bodies to close, and ends the winner's context with the call.
type race struct {
	*mirrors
	ctx     context.Context
	key     string
	have    Version
	answers chan answer          // not buffered: who is not heard cleans up after itself
	over    chan struct{}        // closed when nobody listens any more
	cancels []context.CancelFunc // of those asked
	running []bool               // of those asked
	causes  []error              // of those asked, why they could not answer
	no      *answer              // the foremost ErrNotFound
	retried bool                 // one is asked once more
}

type answer struct {
	at     int
	object *Object
	err    error
}

// run asks one place after the other until one has answered or all have failed.
// The answer is nil with an error.
func (r *race) run() (*answer, error) {
	r.ask()
	for slices.Contains(r.running, true) || r.retry() {
		slow, stop := r.slow()
		select {
		case a := <-r.answers:
			stop()
			if r.hear(a) {
				return &a, a.err
			}
			if r.denied() {
				return nil, r.no.err
			}
		case <-slow:
			r.askNext(r.observer.Hedged)
		case <-r.ctx.Done():
			stop()
			return nil, Unavailable(r.ctx, r.String(), r.ctx.Err())
		}
	}
	if r.ctx.Err() != nil {
		return nil, Unavailable(r.ctx, r.String(), r.ctx.Err())
	}
	return nil, &passedOver{slices.DeleteFunc(r.causes, func(cause error) bool { return cause == nil })}
}

// failing reports that one could not answer.
func (r *race) failing() bool {
	return slices.ContainsFunc(r.causes, func(cause error) bool { return cause != nil })
}

// denied reports that one has said no, and so has everybody before it. While one
// could not answer that is not the answer of all: it may have what has not come to
// the others yet.
func (r *race) denied() bool {
	return r.no != nil && !r.failing() && !slices.Contains(r.running[:r.no.at], true)
}

// hear takes an answer, and reports whether it decides.
func (r *race) hear(a answer) bool {
	r.running[a.at], r.causes[a.at] = false, nil
	switch {
	case a.err == nil || errors.Is(a.err, ErrNotModified):
		return true
	case failure.Of(a.err) == failure.NotFound:
		if r.no == nil || a.at < r.no.at {
			r.no = &a
		}
		if r.failing() {
			r.askNext(r.observer.FailedOver)
		}
	case r.ctx.Err() == nil:
		r.causes[a.at] = a.err
		r.askNext(r.observer.FailedOver)
	}
	return false
}

// more reports whether there is anybody left to be asked, and a reason to.
func (r *race) more() bool {
	return (r.no == nil || r.failing()) && len(r.cancels) < len(r.origins)
}

// slow gives a signal when the next place is to be asked, too.
func (r *race) slow() (signal <-chan time.Time, stop func()) {
	d := r.hedge()
	if d <= 0 || !r.more() {
		return nil, func() {}
	}
	timer := time.NewTimer(d)
	return timer.C, func() { timer.Stop() }
}

// askNext asks the next place, and tells so.
func (r *race) askNext(tell func(place string)) {
	if !r.more() {
		return
	}
	if tell != nil {
		tell(r.origins[len(r.cancels)].String())
	}
	r.ask()
}

// ask asks the next place.
func (r *race) ask() {
	r.cancels = append(r.cancels, func() {})
	r.running = append(r.running, false)
	r.causes = append(r.causes, nil)
	r.start(len(r.cancels) - 1)
}

// retry asks one place once more, as nobody else is left to be asked. It reports
// whether it does.
func (r *race) retry() bool {
	if r.retried {
		return false
	}
	r.retried = true
	for at := range r.causes {
		if r.failedOnce(at) {
			return r.startLater(at)
		}
	}
	return false
}

// startLater is start after the pause that a Guard makes before a second try. It
// reports false if nobody waits any more.
func (r *race) startLater(at int) bool {
	timer := time.NewTimer(minRetryDelay + rand.N(maxRetryDelay-minRetryDelay))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
		return false
	}
	r.cancels[at]()
	r.start(at)
	return true
}

// failedOnce reports that a place could not answer the only time that it was asked,
// and is not down for that. The last place has had its second try.
func (r *race) failedOnce(at int) bool {
	g, ok := r.origins[at].(*Guarded)
	return ok && at < len(r.causes)-1 && r.causes[at] != nil && !failure.Of(r.causes[at]).IsAnswer() && !g.Down()
}

// start asks a place. Each time has a context of its own, which the winner's body
// keeps.
func (r *race) start(at int) {
	ctx, cancel := context.WithCancel(r.ctx)
	r.cancels[at], r.running[at] = cancel, true
	go func() {
		object, err := shielded(ctx, r.origins[at].String(), func() (*Object, error) { return r.open(ctx, at) })
		select {
		case r.answers <- answer{at, object, err}:
		case <-r.over:
			if err == nil {
				discard(object)
			}
		}
	}()
}

// open asks a place. A second try is for where there is nobody else to ask: what
// is dead would take its time twice.
func (r *race) open(ctx context.Context, at int) (*Object, error) {
	if g, ok := r.origins[at].(*Guarded); ok && at < len(r.origins)-1 {
		return g.openOnce(ctx, r.key, r.have)
	}
	return r.origins[at].Open(ctx, r.key, r.have)
}

func (r *race) cancelAllBut(won *answer) {
	for at, cancel := range r.cancels {
		if won == nil || at != won.at {
			cancel()
		}
	}
}
