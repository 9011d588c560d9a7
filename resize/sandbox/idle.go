package sandbox

import (
	"context"
	"slices"
	"time"

	"github.com/thumbery/thumbery/resize"
)

// give makes a child idle that was used, and is the first to be used again.
func (p *Pool) give(c *child) {
	p.put(c, func() { p.idle = append(p.idle, c) })
}

// giveNew makes a new child idle, which is used when no other is left: a child that was
// used has warm memory, and one that never was takes little.
func (p *Pool) giveNew(c *child) {
	p.put(c, func() { p.idle = slices.Insert(p.idle, 0, c) })
}

// put makes a child idle. It ends instead if the Pool is closed.
func (p *Pool) put(c *child, add func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.Err() != nil {
		c.kill()
		c.conn.Close()
		return
	}
	add()
	p.waiting <- struct{}{} // never blocks: it has room for all children
}

// enter waits until one more picture may be made. The caller calls leave.
func (p *Pool) enter(ctx context.Context) (leave func(), err error) {
	if err := endOf(ctx); err != nil {
		return nil, err
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, endOf(ctx)
	}
}

// take returns a child that nobody else uses. The caller gives, loses or replaces it.
func (p *Pool) take(ctx context.Context) (*child, error) {
	for {
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
		if c := p.pop(); c != nil {
			return c, nil
		}
	}
}

// wait waits for the token of an idle child, but not for long when none can be started.
func (p *Pool) wait(ctx context.Context) error {
	select {
	case <-p.waiting:
		return nil
	default:
	}
	late := time.NewTimer(p.config.patience)
	defer late.Stop()
	for {
		select {
		case <-p.waiting:
			return nil
		case <-ctx.Done():
			return endOf(ctx)
		case <-p.life.Done():
			return resize.ErrNoProcess
		case <-late.C:
			if p.trouble.cannotStart() {
				return resize.ErrNoProcess
			}
			late.Reset(p.config.patience) // the machine is only busy
		}
	}
}

// pop takes the last of the idle children; nil if there is none, or if it is no good.
func (p *Pool) pop() *child {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 { // it died after its token was taken
		return nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	switch {
	case c.isQuiet():
		return c
	case p.life.Err() != nil:
		c.kill()
		c.conn.Close()
	default:
		p.goes.Go(func() { p.lose(context.Background(), c, offend("it said something while it was idle"), Death{}) })
	}
	return nil
}
