package sandbox

import (
	"context"
	"os"
	"slices"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/variant"
)

// capable waits until the first child has started, and says what it can do: nothing, if it
// did not start.
func (p *Pool) capable() engine.Capabilities {
	<-p.started
	return p.able
}

// Recipe implements resize.Resizer. It waits until the first child has started.
func (p *Pool) Recipe() string { return p.capable().Recipe }

// CanRead implements resize.Resizer. It waits until the first child has started.
func (p *Pool) CanRead(f variant.Format) bool { return p.capable().Reads.Has(f) }

// CanWrite implements resize.Resizer. It waits until the first child has started.
func (p *Pool) CanWrite(f variant.Format) bool { return p.capable().Writes.Has(f) }

// Look implements resize.Resizer. The errors are also those of Resize.
func (p *Pool) Look(ctx context.Context, src resize.Source, h header.Header, v variant.Variant) (seen variant.Variant, err error) {
	if _, err := resize.Region(h, v); err != nil {
		return variant.Variant{}, err
	}
	r := wire.Request{Kind: wire.Look, Format: h.Format, Header: h, Variant: v}
	err = p.do(ctx, src, r, func(a wire.Answer, _ *os.File) (err error) {
		seen, err = resolve(h, v, a.Found)
		return err
	})
	return seen, err
}

// Probe implements resize.Resizer. The errors are also those of Resize.
func (p *Pool) Probe(ctx context.Context, src resize.Source, f variant.Format, page int) (h header.Header, err error) {
	r := wire.Request{Kind: wire.Probe, Format: f, Page: page}
	err = p.do(ctx, src, r, func(a wire.Answer, _ *os.File) error {
		if a.Header == nil || a.Header.Format != f {
			return offend("it probed a picture in %v, and gave no header of one", f)
		}
		h = *a.Header
		return nil
	})
	return h, err
}

// Resize implements resize.Resizer. Besides, the error is of kind header.ErrTooLarge if the
// picture takes more memory than one may have; resize.ErrTooSlow if the time ended that ctx
// has for the picture; and of kind resize.ErrDied if the child crashed or answered
// nonsense. When ctx ends, the child has another 100 ms to finish, and is then killed.
func (p *Pool) Resize(ctx context.Context, src resize.Source, h header.Header, plan resize.Plan) (data []byte, err error) {
	_ = p.ResizeAll(ctx, src, h, []resize.Plan{plan}, func(_ int, made []byte, failed error) { data, err = made, failed })
	return data, err
}

// ResizeAll implements resize.Resizer. The errors are also those of Resize.
func (p *Pool) ResizeAll(ctx context.Context, src resize.Source, h header.Header, plans []resize.Plan, done func(i int, data []byte, err error)) error {
	next := 0
	tell := func(data []byte, err error) {
		next++
		done(next-1, data, err)
	}
	for some := range slices.Chunk(plans, wire.MaxPlans) {
		if err := p.resizeSome(ctx, src, h, some, tell); err != nil {
			for next < len(plans) {
				tell(nil, err)
			}
			return err
		}
	}
	return nil
}

// resizeSome is ResizeAll for as many plans as fit into a request. It calls done for each
// plan in their order, but, if it returns an error, maybe not for the last ones.
func (p *Pool) resizeSome(ctx context.Context, src resize.Source, h header.Header, plans []resize.Plan, done func(data []byte, err error)) error {
	next := 0
	r := wire.Request{Kind: wire.Resize, Format: h.Format, Header: h, Plans: plans}
	return p.do(ctx, src, r, func(a wire.Answer, results *os.File) error {
		switch {
		case a.Last && next == len(plans):
			return nil
		case a.Last:
			return offend("it made %d of %d plans", next, len(plans))
		case a.Plan != next || next == len(plans):
			return offend("it answered plan %d, not %d of %d", a.Plan, next, len(plans))
		}
		data, err := result(a, results, roomFor(plans...), plans[next])
		if err != nil {
			return err
		}
		next++
		done(data, a.Err.Err())
		return nil
	})
}
