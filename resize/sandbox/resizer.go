package sandbox

import (
	"cmp"
	"context"
	"os"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/variant"
)

// able waits until the first child has started, and says what it can do: nothing, if it
// did not start.
func (p *Pool) able() engine.Capabilities {
	<-p.started
	return p.first.capabilities
}

// Recipe implements resize.Resizer. It waits until the first child has started.
func (p *Pool) Recipe() string { return p.able().Recipe }

// CanRead implements resize.Resizer. It waits until the first child has started.
func (p *Pool) CanRead(f variant.Format) bool { return p.able().Reads.Has(f) }

// CanWrite implements resize.Resizer. It waits until the first child has started.
func (p *Pool) CanWrite(f variant.Format) bool { return p.able().Writes.Has(f) }

// Look implements resize.Resizer. The errors are also those of Resize.
func (p *Pool) Look(ctx context.Context, src resize.Source, h header.Header, v variant.Variant) (seen variant.Variant, err error) {
	var told error
	r := wire.Request{Kind: wire.Look, Header: h, Variant: v}
	err = p.do(ctx, src, job{r, h.Format, 0}, func(a wire.Answer, _ *os.File) (err error) {
		if told = a.Err.Err(); told == nil {
			seen, err = resolve(h, v, a.Found)
		}
		return err
	})
	if err != nil || told != nil {
		return variant.Variant{}, cmp.Or(err, told)
	}
	return seen, nil
}

// Probe implements resize.Resizer. The errors are also those of Resize.
func (p *Pool) Probe(ctx context.Context, src resize.Source, f variant.Format, page int) (h header.Header, err error) {
	var told error
	r := wire.Request{Kind: wire.Probe, Format: f, Page: page}
	err = p.do(ctx, src, job{r, f, 0}, func(a wire.Answer, _ *os.File) error {
		switch told = a.Err.Err(); {
		case told != nil:
		case a.Header == nil || a.Header.Format != f:
			return offend("it probed a picture in %v, and gave no header of one", f)
		default:
			h = *a.Header
		}
		return nil
	})
	if err != nil || told != nil {
		return header.Header{}, cmp.Or(err, told)
	}
	return h, nil
}

// Resize implements resize.Resizer. Besides, the error is of kind header.ErrTooLarge if the
// picture takes more memory than one may have; resize.ErrTooSlow if the time ended that ctx
// has for the picture; and of kind resize.ErrDied if the child crashed or answered
// nonsense. When ctx ends, the child has another 100 ms to finish, and is then killed.
func (p *Pool) Resize(ctx context.Context, src resize.Source, h header.Header, plan resize.Plan) (data []byte, err error) {
	var told error
	j := job{wire.Request{Kind: wire.Resize, Header: h, Plans: []resize.Plan{plan}}, h.Format, roomFor(plan)}
	err = p.do(ctx, src, j, func(a wire.Answer, results *os.File) (err error) {
		told = a.Err.Err()
		data, err = result(a, results, j.room, plan)
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, told
}

// ResizeAll implements resize.Resizer. The errors are also those of Resize.
func (p *Pool) ResizeAll(ctx context.Context, src resize.Source, h header.Header, plans []resize.Plan, done func(i int, data []byte, err error)) error {
	for from := 0; from < len(plans); from += wire.MaxPlans {
		some := plans[from:min(from+wire.MaxPlans, len(plans))]
		made := 0
		tell := func(data []byte, err error) {
			made++
			done(from+made-1, data, err)
		}
		if err := p.resizeSome(ctx, src, h, some, tell); err != nil {
			for from+made < len(plans) {
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
	var told error
	next := 0
	j := job{wire.Request{Kind: wire.ResizeAll, Header: h, Plans: plans}, h.Format, roomFor(plans...)}
	err := p.do(ctx, src, j, func(a wire.Answer, results *os.File) error {
		if a.Last {
			told = a.Err.Err()
			if next < len(plans) {
				return offend("it made %d of %d plans", next, len(plans))
			}
			return nil
		}
		if a.Plan != next || next == len(plans) {
			return offend("it answered plan %d, not %d of %d", a.Plan, next, len(plans))
		}
		data, err := result(a, results, j.room, plans[next])
		if err == nil {
			next++
			done(data, a.Err.Err())
		}
		return err
	})
	return cmp.Or(err, told)
}
