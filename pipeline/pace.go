package pipeline

import (
	"context"
	"time"
)

// restsFor is how many times as long as it has worked priming rests while there are
// requests. What the engine has begun is not interrupted, and takes a processor from
// them: with this, of one in ten at most.
const restsFor = 9

// pacing has a piece of work done when it may be, and returns its error.
type pacing func(ctx context.Context, do func() (*made, error)) error

// atOnce is no pacing.
func atOnce(_ context.Context, do func() (*made, error)) error {
	_, err := do()
	return err
}

// paced does one piece of work after the other, as many at once as Gate.EnterBackground
// admits, and rests after each if there were requests since the one before.
func (p *Pipeline) paced(ctx context.Context, do func() (*made, error)) error {
	select {
	case p.pace <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	var rest time.Duration
	defer func() { // also after a panic; who has worked need not wait
		time.AfterFunc(rest, func() { <-p.pace })
	}()
	m, err := do()
	if now := p.Render.Gate.Entered(); p.met.Swap(now) != now {
		rest = restsFor * m.worked()
	}
	return err
}

// worked is how long the engine took for m, which may be nil.
func (m *made) worked() (all time.Duration) {
	if m == nil {
		return 0
	}
	for _, s := range m.steps {
		if s.Name != "fetch" && s.Name != "queue" && s.Name != "store" {
			all += s.Took
		}
	}
	return all
}
