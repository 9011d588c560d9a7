package sandbox

import (
	"cmp"
	"context"
	"os"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"github.com/thumbery/thumbery/variant"
)

// job is one request to a child.
type job struct {
	request wire.Request
	format  variant.Format // of the source
	room    int64          // bytes for results
}

// do has a child do j with src, and passes its answers to take with the file that results
// are in. The error is of the kinds that errorOf returns, ctx's, or one of the system; what
// the engine says of the picture is in the answers.
func (p *Pool) do(ctx context.Context, src resize.Source, j job, take func(wire.Answer, *os.File) error) error {
	parcel, err := pack(src, j.room)
	if err != nil {
		return err
	}
	defer parcel.close()
	j.request.Size = src.Size
	leave, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for again := false; ; again = true {
		c, err := p.takeFor(ctx, j.format)
		if err != nil {
			return err
		}
		err = c.exchange(ctx, j.request, parcel.files(), j.checked(parcel, take))
		if b, ok := err.(blameless); ok {
			p.lose(context.Background(), c, b.error, Death{})
			if again {
				return resize.ErrNoProcess
			}
			continue
		}
		return p.settle(ctx, c, src, j, err)
	}
}

// settle says what becomes of a child after an exchange that ended with err, and what is
// the error of the call.
func (p *Pool) settle(ctx context.Context, c *child, src resize.Source, j job, err error) error {
	if u, ok := err.(unsent); ok {
		p.give(c)
		return cmp.Or(endOf(ctx), u.error)
	}
	if err != nil {
		d := p.lose(ctx, c, err, Death{Format: j.format, Size: src.Size})
		return p.errorOf(ctx, src, d)
	}
	p.finish(c, j.format)
	return endOf(ctx)
}

// checked is take for the answers that may be given to j.
func (j job) checked(p *parcel, take func(wire.Answer, *os.File) error) func(wire.Answer) error {
	return func(a wire.Answer) error {
		if a.Err != nil && a.Err.Kind == wire.NoMemory {
			return errStarved
		}
		if !a.Last && j.request.Kind != wire.ResizeAll {
			return offend("it wants to answer twice")
		}
		return take(a, p.results)
	}
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
