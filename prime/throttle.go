package prime

import (
	"context"
	"time"
)

// restsFor is how many times as long as it has worked priming rests while there are
// requests. What the engine has begun is not interrupted, and takes a processor from
// requests: with this, of one in ten at most.
const restsFor = 9

// throttle has a piece of work done when it may be. do returns how long the engine has
// worked.
type throttle func(ctx context.Context, do func() (worked time.Duration, err error)) error

// unthrottled does the work at once.
func unthrottled(_ context.Context, do func() (time.Duration, error)) error {
	_, err := do()
	return err
}

// throttled does as many pieces of work at once as Gate.EnterBackground admits, and
// rests after each if there were requests since the one before. In a process without
// requests it does the work at once.
func (e *Engine) throttled(ctx context.Context, do func() (time.Duration, error)) error {
	g := e.pipeline.Render.Gate
	if g.Dedicated() {
		return unthrottled(ctx, do)
	}
	select {
	case e.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	var rest time.Duration
	defer func() { // also after a panic; the caller need not wait
		time.AfterFunc(rest, func() { <-e.slots })
	}()
	worked, err := do()
	if now := g.Entered(); e.entered.Swap(now) != now {
		rest = restsFor * worked
	}
	return err
}
