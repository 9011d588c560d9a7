package render

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize"
)

// limit is the time that is left for one derivative, in all its steps together. For a
// request it includes the queue, so that a client has an answer in time however busy the
// server is; for background work it does not.
type limit struct {
	left, queued time.Duration // queued is of a request
	background   bool
	now          func() time.Time
}

// limit returns the limit of a derivative whose original, in case of a request, was open at
// that time; 0 is now.
func (e *Engine) limit(opened time.Time, background bool) *limit {
	l := &limit{left: e.Timeout, background: background, now: e.Now}
	if !background && !opened.IsZero() {
		l.left -= e.Now().Sub(opened)
	}
	return l
}

// enter waits until g admits work of that weight. The error is gate.ErrBusy,
// gate.ErrWaited when no time is left, or that of ctx.
func (l *limit) enter(ctx context.Context, g *gate.Gate, weight int64) (leave func(), err error) {
	if l.background {
		return g.EnterBackground(ctx, weight)
	}
	queued := l.now()
	ctx, cancel := context.WithTimeoutCause(ctx, l.left, gate.ErrWaited)
	defer cancel()
	leave, err = g.Enter(ctx, weight)
	if err != nil && context.Cause(ctx) == gate.ErrWaited {
		return nil, gate.ErrWaited
	}
	waited := l.now().Sub(queued)
	l.left, l.queued = l.left-waited, l.queued+waited
	return leave, err
}

// within calls do with a ctx that ends when no time is left. The error is then
// resize.ErrTooSlow, but if most of the time went into the queue, gate.ErrWaited: the
// picture is not at fault.
func (l *limit) within(ctx context.Context, do func(context.Context) error) error {
	total := l.left + l.queued
	ctx, cancel := context.WithTimeoutCause(ctx, l.left, resize.ErrTooSlow)
	defer cancel()
	err := timedOut(ctx, do(ctx))
	if err == resize.ErrTooSlow && l.queued > total/2 {
		return gate.ErrWaited
	}
	return err
}
