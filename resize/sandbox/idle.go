package sandbox

import (
	"context"
	"slices"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/variant"
)

// enter waits until one more picture may be made. The context that it returns also ends when
// the Pool is closed. The caller calls leave. The error is that of endOf.
func (p *Pool) enter(ctx context.Context) (within context.Context, leave func(), err error) {
	if !p.begins() {
		return nil, nil, resize.ErrNoProcess
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.life, func() { cancel(resize.ErrNoProcess) })
	end := func() {
		stop()
		cancel(nil)
		p.goes.Done()
	}
	if err = endOf(ctx); err == nil {
		select {
		case p.slots <- struct{}{}:
			return ctx, func() { <-p.slots; end() }, nil
		case <-ctx.Done():
			err = endOf(ctx)
		}
	}
	end()
	return nil, nil, err
}

// begins counts a request among what Close waits for, unless the Pool is closed.
func (p *Pool) begins() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.Err() != nil {
		return false
	}
	p.goes.Add(1)
	return true
}

// give makes a child idle: one that was used is the next to be used again, as it has warm
// memory, and one that never was, which takes little, the last. What it has said until now
// is not why it dies later. It ends instead if the Pool is closed.
func (p *Pool) give(c *child) {
	c.said.forget()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.life.Err() != nil:
		c.close()
		return
	case c.pictures == 0:
		p.idle = slices.Insert(p.idle, 0, c)
	default:
		p.idle = append(p.idle, c)
	}
	select {
	case p.waiting <- struct{}{}:
	default: // There is a token for each of all children, of which some were for those that died.
	}
}

// takeFor returns a child for a picture of a format, that nobody else uses. The caller
// gives, loses or replaces it. The error is that of endOf, or resize.ErrNoProcess.
func (p *Pool) takeFor(ctx context.Context, f variant.Format) (*child, error) {
	fresh := untrusted.Has(f)
	for {
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
		switch c := p.pop(fresh); {
		case c == nil:
		case fresh:
			return p.renew(ctx, c)
		default:
			return c, nil
		}
	}
}

// wait waits for the token of an idle child, but not for long when none can be started.
func (p *Pool) wait(ctx context.Context) error {
	late := time.NewTicker(p.config.patience)
	defer late.Stop()
	for {
		select {
		case <-p.waiting:
			return nil
		case <-ctx.Done():
			return endOf(ctx)
		case <-late.C:
			if p.trouble.cannotStart() {
				return resize.ErrNoProcess
			} // otherwise the machine is only busy
		}
	}
}

// pop takes an idle child, the one with the warmest memory or a new one if there is one;
// nil if there is none, or if it is no good.
func (p *Pool) pop(newest bool) *child {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 { // it died after its token was taken, or had left it behind
		return nil
	}
	at := len(p.idle) - 1
	if newest {
		at = 0
	}
	c := p.idle[at]
	p.idle = slices.Delete(p.idle, at, at+1)
	if err := c.whileIdle(); err != nil {
		p.goes.Go(func() { p.lose(context.Background(), c, wire.Request{}, err) })
		return nil
	}
	return c
}
