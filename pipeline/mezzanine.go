package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// mezzanine is an open smaller copy of an original that derivatives are made of.
type mezzanine struct {
	resize.Mezzanine
	name variant.Name
	blob *cache.Blob // it has the modification time of the original
}

// mezzanineName is the name of the mezzanine of v's original. Only what changes
// mezzanines themselves is part of it.
func (p *Pipeline) mezzanineName(key variant.Key, v variant.Variant) variant.Name {
	return variant.Variant{Version: v.Version}.Name(key, 0, p.Render.Settings.MezzanineRecipe()+" "+p.Render.Resizer.Recipe())
}

// openMezzanine returns what is on disk, or nil. The caller closes its blob.
func (p *Pipeline) openMezzanine(name variant.Name) *mezzanine {
	b, err := p.Mezzanines.Open(name)
	if err != nil {
		p.unreadable(err)
		return nil
	}
	z, err := resize.UnpackMezzanine(b.At(), b.Size)
	if err == nil {
		return &mezzanine{z, name, b}
	}
	b.Close()
	if errors.Is(err, header.ErrBroken) {
		p.forget(p.Mezzanines, name)
	}
	return nil
}

// read is Bytes. One that cannot be read is as good as a broken one.
func (z *mezzanine) read() ([]byte, error) {
	data, err := z.Bytes()
	if err != nil {
		err = fmt.Errorf("%w: reading a mezzanine: %v", header.ErrBroken, err)
	}
	return data, err
}

// seen is the original that it was made of.
func (z *mezzanine) seen(original variant.Name) seen {
	return seen{original, z.OriginalBytes, z.blob.ModTime}
}

// takesMezzanine reports whether v may be made of a mezzanine at all: what depends
// on pixels, pages or metadata is not in it.
func (p *Pipeline) takesMezzanine(v variant.Variant) bool {
	return p.Render.Settings.MezzanineSide > 0 && v.Kind == variant.Picture && v.Page <= 1 && !resize.NeedsLook(v)
}

// rightMezzanine returns the mezzanine of the original that is here, or was here
// last, and what is known of that; nil if there is none. One of an older original
// is forgotten. The caller closes its blob.
func (p *Pipeline) rightMezzanine(ctx context.Context, key variant.Key, v variant.Variant) (*mezzanine, Verdict) {
	z := p.openMezzanine(p.mezzanineName(key, v))
	if z == nil {
		return nil, Fresh
	}
	verdict := p.revalidated(ctx, key, v, z.blob.ModTime)
	if verdict != Changed && verdict != Gone && p.latest(z, v.Original(key)) {
		return z, verdict
	}
	z.blob.Close()
	p.forget(p.Mezzanines, z.name)
	return nil, verdict
}

// latest reports that no other original is here than that of which a mezzanine was
// made, whether or not originals are ever asked for anew.
func (p *Pipeline) latest(z *mezzanine, original variant.Name) bool {
	b, err := p.Originals.Peek(original)
	if err != nil {
		return true
	}
	defer b.Close()
	if b.Size != z.OriginalBytes || b.ModTime.Equal(z.blob.ModTime) {
		return b.Size == z.OriginalBytes
	}
	l, err := b.OriginMeta() // the origin may have another date for what it had before
	return err == nil && !l.Before.IsZero() && l.Before.Equal(z.blob.ModTime)
}

// fromMezzanine makes a derivative of a mezzanine that is there and large enough,
// for which the original is not needed; nil if there is none.
func (p *Pipeline) fromMezzanine(ctx context.Context, o order) (*made, error) {
	if !p.takesMezzanine(o.variant) {
		return nil, nil
	}
	epoch := p.epoch(o.key)
	z, verdict := p.rightMezzanine(ctx, o.key, o.variant)
	if z == nil {
		return nil, nil
	}
	defer z.blob.Close()
	p.headers.put(o.original(), epoch, measured{z.OriginalBytes, z.blob.ModTime, z.Original})
	plan, err := p.Render.Plan(z.Original, o.variant, o.accept)
	if err != nil || !resize.MezzanineSuffices(z.Header, plan) {
		return nil, err
	}
	m, err := p.throughOpen(ctx, z, work{o, z.Header, plan, render.FromMezzanine, z.seen(o.original())})
	if m != nil && !p.stillHalved(z) {
		return nil, nil
	}
	if m != nil {
		m.stale, m.aging, m.epoch = verdict == Failed, verdict == Asking, epoch
	}
	return m, err
}

// stillHalved reports that a mezzanine is on disk as it was opened. One that was
// forgotten before this epoch, and written late, is there for a moment.
func (p *Pipeline) stillHalved(z *mezzanine) bool {
	st, err := p.Mezzanines.Touch(z.name)
	return err == nil && st.Size == z.blob.Size && st.ModTime.Equal(z.blob.ModTime)
}

// throughOpen makes a derivative of a mezzanine. Where that turns out to be damaged it
// is forgotten, and nil returned: the original will do.
func (p *Pipeline) throughOpen(ctx context.Context, z *mezzanine, w work) (*made, error) {
	m := &made{modTime: z.blob.ModTime, source: FromOrigin}
	err := p.carryOut(ctx, m, w, z.read)
	switch {
	case errors.Is(err, header.ErrBroken):
		p.forget(p.Mezzanines, z.name)
		return nil, nil
	case err != nil:
		return nil, err
	}
	return m, nil
}
