package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/sandbox/internal/cgroup"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// begin starts the first child, and then the others.
func (p *Pool) begin() {
	var noGroups error
	p.groups, noGroups = cgroup.Open(p.config.Memory)
	c, err := p.launch(p.life)
	if err == nil {
		p.able, p.walls = c.is.Capabilities, wallsOf(c.is)
		if without := missing(p.walls); p.config.Require && len(without) > 0 {
			err = fmt.Errorf("this system does not offer %s: %s", without[0].Name, without[0].Missing)
			p.able = engine.Capabilities{}
			c.close()
		}
	}
	p.walls = append(p.walls, groupWall(noGroups))
	p.failed = err
	close(p.started)
	if err != nil {
		return
	}
	p.admit(c)
	if !p.config.alone {
		for range p.config.Workers { // one after the other, as others already work
			p.grow()
		}
	}
}

func wallsOf(is wire.Ready) (walls []Wall) {
	for _, w := range is.Walls {
		walls = append(walls, Wall{Name: w.Name, Missing: w.Missing})
	}
	return walls
}

// groupWall is the wall around each child that this process puts up.
func groupWall(err error) Wall {
	w := Wall{Name: "cgroup", Optional: true}
	if err != nil {
		w.Missing = err.Error()
	}
	return w
}

// grow starts one child, in as many tries as it takes, with pauses that grow. It gives up
// when the Pool is closed.
func (p *Pool) grow() {
	for {
		select {
		case <-time.After(p.trouble.pause()):
		case <-p.life.Done():
			return
		}
		if c, err := p.start(p.life); err == nil {
			p.admit(c)
			return
		}
	}
}

// start starts one child more.
func (p *Pool) start(ctx context.Context) (*child, error) {
	c, err := p.launch(ctx)
	if err == nil && c.is.Capabilities != p.able {
		c.close()
		err = errors.New("it cannot do the same as those before: the program was replaced")
	}
	switch {
	case err == nil:
		p.trouble.started()
	case ctx.Err() == nil:
		if p.trouble.notStarted(err.Error()) {
			p.config.Log.Error("a child process that makes pictures cannot be started", "err", err)
		}
	}
	return c, err
}

// renew returns a child that has made nothing yet: c, or one that it starts in its place.
// The error is that of endOf, or resize.ErrNoProcess.
func (p *Pool) renew(ctx context.Context, c *child) (*child, error) {
	if c.pictures == 0 {
		return c, nil
	}
	p.retire(c)
	c, err := p.start(ctx)
	if err != nil {
		p.goes.Go(p.grow)
		return nil, cmp.Or(endOf(ctx), resize.ErrNoProcess)
	}
	p.watch(c)
	return c, nil
}

// admit puts a new child to the others.
func (p *Pool) admit(c *child) {
	p.watch(c)
	p.give(c)
}

// watch counts a new child among those that are alive until it has ended. A Pool that is
// closed kills it.
func (p *Pool) watch(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive[c] = struct{}{}
	if p.life.Err() != nil {
		c.kill()
	}
	p.goes.Go(func() {
		<-c.reaped
		p.gone(c)
	})
}

// gone replaces a child that has ended while it was idle. A child that ends
// during a picture is replaced by lose.
func (p *Pool) gone(c *child) {
	p.mu.Lock()
	at := slices.Index(p.idle, c)
	if at >= 0 {
		p.idle = slices.Delete(p.idle, at, at+1)
	}
	p.mu.Unlock()
	if at >= 0 {
		p.lose(context.Background(), c, wire.Request{}, nil)
	}
}

// lose ends a child that can go on no more, for the reason err, starts another, and tells
// Config.Died. r is what it was asked for, if that may be the reason.
func (p *Pool) lose(ctx context.Context, c *child, r wire.Request, err error) Death {
	d := c.end(err)
	d.Format, d.Size = r.Format, r.Size
	if c.pictures == 0 && d.Cause != Time { // what we have killed could work
		p.trouble.diedEarly(string(d.Cause) + ": " + d.Detail)
	}
	p.replace(c)
	if p.life.Err() != nil || d.Cause == Time && ctx.Err() != nil && !outOfTime(ctx) {
		return d // nobody waited for it any more
	}
	p.mu.Lock()
	p.deaths[d.Cause]++
	p.mu.Unlock()
	if p.config.Died != nil {
		p.config.Died(ctx, d)
	}
	return d
}

// replace ends a child, if it has not ended, and starts another.
func (p *Pool) replace(c *child) {
	p.retire(c)
	p.goes.Go(p.grow)
}

// retire ends a child.
func (p *Pool) retire(c *child) {
	c.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.alive, c)
}
