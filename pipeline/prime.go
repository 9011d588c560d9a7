package pipeline

import (
	"context"
	"errors"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Wish is one derivative of a picture.
type Wish struct {
	Variant variant.Variant
	Accept  variant.Accept // as Engine.NormalizeAccept gives it
}

// Primed is what came of priming one picture. The three numbers add up to the
// wishes.
type Primed struct {
	Made   int // derivatives
	There  int // were there already
	Failed int
	Err    error // the first of those: of the kinds of Picture, ErrNotKept, or a *panics.Error
}

// settle counts one that was made, or not.
func (r *Primed) settle(err error) {
	if err == nil {
		r.Made++
		return
	}
	r.Failed++
	if r.Err == nil {
		r.Err = err
	}
}

// Prime makes derivatives of a picture that are not on disk yet: with one fetch,
// and one decode where they are several, from which its mezzanine is made, too. It
// lets everybody go first who waits for a picture or a fetch, and holds neither
// memory nor a file while it does. Where the disk takes no original, nothing is made.
// With ctx done the rest fails with its error.
func (p *Pipeline) Prime(ctx context.Context, key variant.Key, wishes []Wish) Primed {
	return p.prime(ctx, key, wishes, atOnce)
}

// primePaced is Prime for what is one of many, with rests while there are requests.
func (p *Pipeline) primePaced(ctx context.Context, key variant.Key, wishes []Wish) Primed {
	if p.Render.Gate.Dedicated() {
		return p.Prime(ctx, key, wishes)
	}
	return p.prime(ctx, key, wishes, p.paced)
}

func (p *Pipeline) prime(ctx context.Context, key variant.Key, wishes []Wish, pace pacing) Primed {
	var r Primed
	var groups []*group
	for _, w := range wishes {
		o := p.order(key, w.Variant, w.Accept)
		o.last = true
		switch {
		case p.there(ctx, o):
			r.There++
		case alone(w.Variant):
			r.settle(twice(func() error { return p.primeAlone(ctx, o, pace) }))
		default:
			groups = grouped(groups, &item{order: o}, pace)
		}
	}
	for _, g := range groups {
		p.primeTogether(ctx, g, &r)
	}
	for range r.Made {
		p.Observer.Primed(nil)
	}
	for range r.Failed {
		p.Observer.Primed(r.Err)
	}
	return r
}

// there reports that a derivative is on disk, and still right.
func (p *Pipeline) there(ctx context.Context, o order) bool {
	st, err := p.Derivatives.Touch(o.name)
	if err != nil {
		return false
	}
	verdict := p.revalidated(ctx, o.key, o.variant, st.ModTime)
	return verdict != Changed && verdict != Gone
}

// alone reports that v shares no decode with others: it is looked at first, is
// JSON, or another page.
func alone(v variant.Variant) bool {
	return v.Kind != variant.Picture || v.Page > 1 || resize.NeedsLook(v)
}

func (p *Pipeline) primeAlone(ctx context.Context, o order, pace pacing) error {
	if err := p.yield(ctx, o.original()); err != nil {
		return err
	}
	return pace(ctx, func() (*made, error) {
		old := p.onDisk(o.name) // not right any more
		defer old.close()
		m, _, err := p.makeOnce(ctx, o, old)
		switch {
		case err != nil:
			return nil, err
		case m.broken:
			return m, header.ErrBroken
		case !m.stored:
			return m, ErrNotKept
		}
		return m, nil
	})
}

// yield lets those go first who wait for a fetch, where an original has to be
// fetched.
func (p *Pipeline) yield(ctx context.Context, original variant.Name) error {
	if p.Fetches.Dedicated() || p.opens(original) {
		return nil
	}
	leave, err := p.Fetches.EnterBackground(ctx, 1)
	if err == nil {
		leave()
	}
	return err
}

// primeTogether makes those of a group that the mezzanine serves of that, if there
// is one, and the others, with a mezzanine, of the original.
func (p *Pipeline) primeTogether(ctx context.Context, g *group, r *Primed) {
	err := panics.Try("prime", func() error { return twice(func() error { return p.primeGroup(ctx, g, r) }) })
	for _, i := range g.left() {
		i.settle(r, err)
	}
}

func (p *Pipeline) primeGroup(ctx context.Context, g *group, r *Primed) error {
	if err := p.primeSmall(ctx, g, r); err != nil {
		return err
	}
	return p.primeLarge(ctx, g, r)
}

// primeSmall makes what the mezzanine serves, if there is one, or it is being
// made. One that is damaged is forgotten, and of no use.
func (p *Pipeline) primeSmall(ctx context.Context, g *group, r *Primed) error {
	if p.Render.Settings.MezzanineSide <= 0 {
		return nil
	}
	p.later.Wait(ctx, string(p.mezzanineName(g.key, g.variant)))
	b, z := p.batchOfMezzanine(ctx, g, r)
	if z == nil {
		return nil
	}
	err := p.makeBatches(ctx, b, r, g.pace)
	if errors.Is(err, header.ErrBroken) {
		p.forget(p.Mezzanines, z.name)
		return nil
	}
	return err
}

// batchOfMezzanine is what is left of a group and served by the mezzanine, which is
// not open any more; nil if there is none.
func (p *Pipeline) batchOfMezzanine(ctx context.Context, g *group, r *Primed) (*batch, *mezzanine) {
	epoch := p.epoch(g.key)
	z, _ := p.rightMezzanine(ctx, g.key, g.variant)
	if z == nil {
		return nil, nil
	}
	defer z.blob.Close()
	b := &batch{epoch: epoch, elsewhere: true, header: z.Header, modTime: z.blob.ModTime, seen: z.seen(g.variant.Original(g.key))}
	b.read = func() ([]byte, error) { return p.rereadMezzanine(z) }
	for _, i := range g.left() {
		plan, err := p.Render.Plan(z.Original, i.variant, i.accept)
		if err != nil {
			i.settle(r, err)
		} else if resize.MezzanineSuffices(z.Header, plan) {
			b.add(i, plan)
		}
	}
	return b, z
}

// primeLarge makes what is left of the original.
func (p *Pipeline) primeLarge(ctx context.Context, g *group, r *Primed) error {
	if len(g.left()) == 0 {
		return nil
	}
	original := g.variant.Original(g.key)
	if err := p.yield(ctx, original); err != nil {
		return err
	}
	b, err := p.batchOfOriginal(ctx, g, r)
	if err == nil {
		err = p.makeBatches(ctx, b, r, g.pace)
		p.forgetBroken(original, err)
	}
	return err
}

// batchOfOriginal is all that is left of a group, and the mezzanine if there is to
// be one.
func (p *Pipeline) batchOfOriginal(ctx context.Context, g *group, r *Primed) (*batch, error) {
	o, h, err := p.inspected(ctx, order{key: g.key, variant: g.variant, last: true}, toDisk)
	if err != nil {
		return nil, err
	}
	defer o.blob.Close()
	switch {
	case o.broken: // nothing that is made of it is kept
		return nil, header.ErrBroken
	case o.blob.NotKept != nil:
		return nil, notKept(o.blob.NotKept)
	}
	original := seenAs(g.variant.Original(g.key), o.blob)
	b := &batch{epoch: o.epoch, header: h, modTime: o.blob.ModTime, read: p.reader(original), seen: original}
	for _, i := range g.left() {
		plan, err := p.Render.Plan(h, i.variant, i.accept)
		if err != nil {
			i.settle(r, err)
			continue
		}
		b.add(i, plan)
	}
	if halving, ok := p.halvingOf(o, g.key, g.variant, h); ok {
		b.mezzanine = &halving
	}
	return b, nil
}
