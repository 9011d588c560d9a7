package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/thumbery/thumbery/resize/engine"
)

// begin starts the first child, and then the others.
func (p *Pool) begin() {
	c, is, err := p.launch(p.life)
	if err == nil && p.config.Require {
		if without := missing(is.walls); len(without) > 0 {
			err = fmt.Errorf("this system does not offer %s: %s", without[0].Name, without[0].Missing)
			is.capabilities = engine.Capabilities{}
			c.kill()
			c.conn.Close()
		}
	}
	p.first, p.failed = is, err
	close(p.started)
	if err != nil {
		return
	}
	p.admit(c)
	for range p.config.Workers {
		p.goes.Go(p.grow)
	}
}

// grow starts one child, in as many tries as it takes, with pauses that grow.
func (p *Pool) grow() {
	for p.rest(p.trouble.pause()) {
		p.starts <- struct{}{}
		c, is, err := p.launch(p.life)
		<-p.starts
		if err == nil && is.capabilities != p.first.capabilities {
			err = errors.New("it cannot do the same as those before: the program was replaced")
			c.kill()
			c.conn.Close()
		}
		if err == nil {
			p.trouble.started()
			p.admit(c)
			return
		}
		if p.life.Err() == nil {
			p.trouble.notStarted(err.Error())
			p.config.Log.Error("a child process that makes pictures cannot be started", "err", err)
		}
	}
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
	p.mu.Lock()
	p.alive[c] = struct{}{}
	p.mu.Unlock()
	p.goes.Go(func() {
		<-c.reaped
		p.gone(c)
	})
	p.giveNew(c)
}

// gone replaces a child that has ended while it was idle. Whoever uses one that ends
// replaces it.
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
	d.Cause, d.Detail = c.autopsy(err)
	if c.pictures == 0 {
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
	c.kill()
	c.conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.alive, c)
	if p.life.Err() == nil {
		p.goes.Go(p.grow)
	}
}
