package sandbox

import (
	"context"
	"errors"
	"time"

	"github.com/thumbery/thumbery/resize"
)

// grace is how long a child may still take to answer when nobody waits for it any more.
const grace = 100 * time.Millisecond

// obey ends waiting for the child when ctx ends: at once if the time for the picture is
// over, after the grace if nobody waits for it. end kills a child that is late. The
// caller calls the returned function when the exchange is over.
func (c *child) obey(ctx context.Context) (over func()) {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		wait := grace
		if outOfTime(ctx) {
			wait = 0
		}
		c.conn.SetDeadline(time.Now().Add(wait))
	})
	return func() {
		if !stop() {
			<-ended
			c.conn.SetDeadline(time.Time{})
		}
	}
}

// outOfTime reports that ctx has ended because a time limit was reached.
func outOfTime(ctx context.Context) bool {
	return ctx.Err() == context.DeadlineExceeded || errors.Is(context.Cause(ctx), resize.ErrTooSlow)
}

// endOf is the error of a ctx that has ended, otherwise nil.
func endOf(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, resize.ErrTooSlow) || errors.Is(cause, resize.ErrNoProcess) {
		return cause
	}
	return ctx.Err()
}

// kill ends the child, whatever it does. It may be called more than once, as may close.
func (c *child) kill() { c.process.Kill() }

// close kills the child, and closes the connection to it.
func (c *child) close() {
	c.kill()
	c.conn.Close()
}
