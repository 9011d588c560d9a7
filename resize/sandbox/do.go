package sandbox

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/variant"
)

// do has a child do what r asks for with src, and passes its answers to take with the file
// that results are in, but not a last one with an error: do then returns that. Other errors
// are of the kinds that errorOf returns, or one of the system.
func (p *Pool) do(ctx context.Context, src resize.Source, r wire.Request, take func(wire.Answer, *os.File) error) error {
	parcel, err := pack(src, roomFor(r.Plans...))
	if err != nil {
		return err
	}
	defer parcel.close()
	ctx, leave, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	r.Size = src.Size
	var told error
	for again := false; ; again = true {
		c, err := p.takeFor(ctx, r.Format)
		if err != nil {
			return err
		}
		err = c.exchange(ctx, r, parcel.files, func(a wire.Answer) error {
			if err := check(r.Kind, a); err != nil {
				return err
			}
			if told = a.Err.Err(); a.Last && told != nil {
				return nil
			}
			return take(a, parcel.results)
		})
		b, wrongBefore := err.(blameless)
		switch {
		case err == nil:
			p.finish(c, r.Format)
			return cmp.Or(endOf(ctx), told)
		case !wrongBefore:
			return p.errorOf(ctx, src, p.lose(ctx, c, r, err))
		}
		p.lose(ctx, c, wire.Request{}, b.error)
		if again {
			return cmp.Or(endOf(ctx), resize.ErrNoProcess)
		}
	}
}

// check refuses an answer that no request of such a kind may get.
func check(k wire.Kind, a wire.Answer) error {
	switch {
	case a.Err != nil && a.Err.Kind == wire.NoMemory:
		return fault{Memory, errors.New("it ran out of memory")}
	case !a.Last && k != wire.Resize:
		return offend("it wants to answer twice")
	}
	return nil
}

// untrusted are the formats whose decoders libvips does not trust. Such a picture must not
// see what others left in the memory of a child, nor leave anything there.
const untrusted header.Formats = 1<<variant.SVG | 1<<variant.PDF | 1<<variant.JP2 | 1<<variant.JXL

// maxGrowth is by how many bytes a child may have grown since its start: what is free in
// it comes back to the system when it ends.
const maxGrowth = 128 << 20

// finish makes a child idle that has done what it was asked to, or replaces it.
func (p *Pool) finish(c *child, f variant.Format) {
	c.pictures++
	p.trouble.made()
	if c.pictures >= p.config.Pictures || untrusted.Has(f) || resident(c.process.Pid) > c.base+maxGrowth {
		p.replace(c)
		return
	}
	p.give(c)
}
