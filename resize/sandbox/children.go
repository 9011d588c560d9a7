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
)

// begin starts the first child, and then the others.
func (p *Pool) begin() {
	var noGroups error
	p.groups, noGroups = cgroup.Open(p.config.Memory)
	c, is, err := p.launch(p.life)
	if err == nil && p.config.Require {
		if without := missing(is.walls); len(without) > 0 {
			err = fmt.Errorf("this system does not offer %s: %s", without[0].Name, without[0].Missing)
			is.capabilities = engine.Capabilities{}
			c.kill()
			c.conn.Close()
		}
	}
	is.walls = append(is.walls, groupWall(noGroups))
	p.first, p.failed = is, err
	close(p.started)
	if err != nil {
		return
	}
	p.admit(c)
	for range p.others() {
		p.goes.Go(p.grow)
	}
}

// others is how many children there are besides the first.
func (p *Pool) others() int {
	if p.config.alone {
		return 0
	}
	return p.config.Workers
}

// groupWall is the wall around each child that this process puts up.
func groupWall(err error) Wall {
	w := Wall{Name: "cgroup", Optional: true}
	if err != nil {
		w.Missing = err.Error()
	}
	return w
}

// grow starts one child, in as many tries as it takes, with pauses that grow.
func (p *Pool) grow() {
	for p.rest(p.trouble.pause()) {
		if c, err := p.start(p.life); err == nil {
			p.admit(c)
			return
		}
	}
}

// start starts one child, when it is its turn.
func (p *Pool) start(ctx context.Context) (*child, error) {
	select {
	case p.starts <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, is, err := p.launch(ctx)
	<-p.starts
	if err == nil && is.capabilities != p.first.capabilities {
		err = errors.New("it cannot do the same as those before: the program was replaced")
		c.kill()
		c.conn.Close()
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
// The error is ctx's, or resize.ErrNoProcess.
func (p *Pool) renew(ctx context.Context, c *child) (*child, error) {
	if c.pictures == 0 {
		return c, nil
	}
	if !p.retire(c, func() { p.goes.Add(1) }) {
		return nil, resize.ErrNoProcess
	}
	defer p.goes.Done()
	starting, cancel := context.WithCancel(p.life)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	if c, err := p.start(starting); err == nil {
		p.watch(c)
		return c, nil
	}
	p.goes.Go(p.grow)
	return nil, cmp.Or(endOf(ctx), resize.ErrNoProcess)
}

// rest reports whether the Pool goes on after that long.
func (p *Pool) rest(d time.Duration) bool {
	if d > 0 {
		select {
		case <-time.After(d):
		case <-p.life.Done():
		}
	}
	return p.life.Err() == nil
}

// admit puts a new child to the others.
func (p *Pool) admit(c *child) {
	p.watch(c)
	p.giveNew(c)
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
		select {
		case <-p.waiting:
		default: // who has its token finds one child less
		}
	}
	p.mu.Unlock()
	if at >= 0 {
		p.lose(context.Background(), c, nil, Death{})
	}
}

// lose ends a child that can go on no more, for the reason err, starts another, and tells
// the observer. d is what is known about the picture.
func (p *Pool) lose(ctx context.Context, c *child, err error, d Death) Death {
	d = c.end(err, d)
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
	if p.config.Observer != nil {
		p.config.Observer.Died(ctx, d)
	}
	return d
}

// replace ends a child, if it has not ended, and starts another.
func (p *Pool) replace(c *child) {
	p.retire(c, func() { p.goes.Go(p.grow) })
}

// retire ends a child, and calls next, under p.mu, unless the Pool is closed: then it
// returns false.
func (p *Pool) retire(c *child, next func()) bool {
	c.kill()
	c.conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.alive, c)
	if p.life.Err() != nil {
		return false
	}
	next()
	return true
}
