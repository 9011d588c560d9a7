package sandbox

import (
	"context"
	"slices"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// give makes a child idle that was used, and is the first to be used again. What it has
// said until now is not why it dies later.
func (p *Pool) give(c *child) {
	c.said.forget()
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
	select {
	case p.waiting <- struct{}{}:
	default: // There is a token for each of all children, of which some were for those that died.
	}
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

// takeFor returns a child for a picture of a format, that nobody else uses. The caller
// gives, loses or replaces it.
func (p *Pool) takeFor(ctx context.Context, f variant.Format) (*child, error) {
	fresh := untrusted.Has(f)
	for {
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
		c := p.pop(fresh)
		switch {
		case c == nil:
			continue
		case fresh:
			return p.renew(ctx, c)
		}
		return c, nil
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

// pop takes an idle child, the one with the warmest memory or a new one if there is one;
// nil if there is none, or if it is no good.
func (p *Pool) pop(newest bool) *child {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 { // it died after its token was taken
		return nil
	}
	at := len(p.idle) - 1
	if newest {
		at = 0
	}
	c := p.idle[at]
	p.idle = slices.Delete(p.idle, at, at+1)
	err := c.whileIdle()
	switch {
	case err == nil:
		return c
	case p.life.Err() != nil:
		c.kill()
		c.conn.Close()
	default:
		p.goes.Go(func() { p.lose(context.Background(), c, err, Death{}) })
	}
	return nil
}
