package pipeline

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// work is a derivative that is wanted, and what is to be done for it: with what
// has that header, which is the original or its mezzanine.
type work struct {
	order
	header header.Header
	plan   resize.Plan
	of     Material
	// seen is the original, also where it is made of the mezzanine.
	seen seen
}

// Material is what a derivative is made of.
type Material uint8

// The values of Material.
const (
	OfOriginal Material = iota
	OfMezzanine
)

// String is the material's name in metrics.
func (m Material) String() string { return [...]string{"original", "mezzanine"}[m] }

// resize makes what is wanted, picture or JSON. Where the plan depends on what is
// seen, the original is looked at first, in a turn of its own: what is found may
// weigh more.
func (p *Pipeline) resize(ctx context.Context, m *made, read reading, w work) (data []byte, err error) {
	if resize.NeedsLook(w.variant) && !w.variant.Whole.Describes() {
		err = p.inTurn(ctx, m, read, p.turn("look", w), func(ctx context.Context, src []byte) error {
			v, err := p.Resizer.Look(ctx, src, w.header, w.variant)
			if err == nil {
				w.plan, err = resize.NewPlan(w.header, v, w.accept, p.Settings)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	err = p.inTurn(ctx, m, read, p.turn("resize", w), func(ctx context.Context, src []byte) (err error) {
		if w.variant.Whole.Describes() {
			data, err = p.describe(ctx, src, w)
		} else {
			data, err = p.Resizer.Resize(ctx, src, w.header, w.plan)
		}
		return err
	})
	m.mediaType = madeType(w.variant, data)
	return data, err
}

// turn is a piece of work for the engine.
type turn struct {
	step    string // its name
	cost    int64  // in pixels, for the gate
	timeout time.Duration
	enter   entering
	of      Material
	seen    seen // the original that it is made of, perhaps by way of its mezzanine
	// quiet: the Observer is not told, as what is made is no derivative that
	// somebody waits for, or several.
	quiet bool
}

// entering is Gate.Enter, or another way in.
type entering = func(ctx context.Context, pixels int64) (leave func(), err error)

func (p *Pipeline) turn(step string, w work) turn {
	t := turn{step, w.plan.Cost(w.header), p.ResizeTimeout, p.Gate.Enter, w.of, w.seen, w.last}
	if w.last {
		t.enter = p.enterLast
	}
	return t
}

// enterLast is Gate.EnterBackground, unless there are no requests.
func (p *Pipeline) enterLast(ctx context.Context, pixels int64) (leave func(), err error) {
	if p.NobodyWaits {
		return p.Gate.Enter(ctx, pixels)
	}
	return p.Gate.EnterBackground(ctx, pixels)
}

// reading brings what something is made of into memory.
type reading = func() ([]byte, error)

// inTurn waits until there is room for t, and does it in the time that there is.
// What it is made of is read only then.
func (p *Pipeline) inTurn(ctx context.Context, m *made, read reading, t turn, do func(context.Context, []byte) error) error {
	queued := p.Now()
	leave, err := t.enter(ctx, t.cost)
	if err != nil {
		return err
	}
	defer leave()
	began := p.Now()
	m.step("queue", began.Sub(queued))
	end, err := p.begin(t.seen)
	if err != nil {
		return err
	}
	defer end()
	src, err := read()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.timeout, ErrTooSlow)
	defer cancel()
	err = slow(ctx, do(ctx, src))
	took := p.Now().Sub(began)
	m.step(t.step, took)
	if !t.quiet {
		p.Observer.Resized(t.of, took, err)
	}
	return err
}

// slow gives the end of a resize by our own time-out its kind.
func slow(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) == ErrTooSlow {
		return ErrTooSlow
	}
	return err
}
