package sandbox

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/sandbox/internal/cgroup"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
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

// kill ends the child, whatever it does. It may be called more than once.
func (c *child) kill() { c.process.Kill() }

// errStarved is why a child is ended that had no memory left, and said so.
var errStarved = errors.New("it ran out of memory")

// dying is how long a process may take to end whose connection has ended.
const dying = time.Second

// end adds to d why a child can go on no more, and kills it if it is late, or has not ended by
// itself. err is the error of its last
// exchange. It waits until the process is gone only if that tells the cause: one with much
// memory takes a second to end.
func (c *child) end(err error, d Death) Death {
	_, offended := errors.AsType[offence](err)
	late := errors.Is(err, os.ErrDeadlineExceeded)
	if offended || late || err == errStarved {
		c.kill()
	}
	switch {
	case err == errStarved:
		d.Cause, d.Detail = Memory, err.Error()
		return d
	case offended:
		d.Cause, d.Detail = Protocol, wire.Printable(err.Error())
		return d
	case late:
		d.Cause, d.Detail = Time, "it was killed"
		return d
	}
	select {
	case <-c.reaped:
		d.Cause, d.Detail = c.ending()
		d.systemShort = c.oom == cgroup.SystemShort
	case <-time.After(dying):
		c.kill()
		d.Cause, d.Detail = Protocol, "it closed its connection"
	}
	return d
}
