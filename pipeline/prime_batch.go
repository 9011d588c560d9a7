package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// group are derivatives of one original.
type group struct {
	pace    pacing
	key     variant.Key
	variant variant.Variant // no more than which original
	items   []*item
}

// item is one of them.
type item struct {
	order
	settled bool // has been counted
}

// grouped adds an item to the group of its original.
func grouped(groups []*group, i *item, pace pacing) []*group {
	for _, g := range groups {
		if g.variant.Version == i.variant.Version {
			g.items = append(g.items, i)
			return groups
		}
	}
	return append(groups, &group{pace, i.key, variant.Variant{Version: i.variant.Version}, []*item{i}})
}

// left are those that have not been settled.
func (g *group) left() (left []*item) {
	for _, i := range g.items {
		if !i.settled {
			left = append(left, i)
		}
	}
	return left
}

func (i *item) settle(r *Primed, err error) {
	i.settled = true
	r.settle(err)
}

// batch are derivatives that are made in one turn, and perhaps the mezzanine.
type batch struct {
	items     []*item
	plans     []resize.Plan // for each of them
	mezzanine *halving      // comes last; nil for none
	epoch     uint64
	elsewhere bool // what fails because the source is broken can be made of another

	// The source.
	header  header.Header
	modTime time.Time
	read    reading
	seen    seen // the original, also where it is the mezzanine
}

func (b *batch) add(i *item, plan resize.Plan) {
	b.items, b.plans = append(b.items, i), append(b.plans, plan)
}

// all are the plans, with that of the mezzanine.
func (b *batch) all() []resize.Plan {
	if b.mezzanine == nil {
		return b.plans
	}
	return append(b.plans[:len(b.plans):len(b.plans)], b.mezzanine.plan)
}

// makeBatches makes and keeps a batch in one turn, or what would shut requests out of
// the gate for that long, one by one and without the mezzanine.
func (p *Pipeline) makeBatches(ctx context.Context, b *batch, r *Primed, pace pacing) error {
	for _, part := range p.parts(b) {
		if err := pace(ctx, func() (*made, error) { return p.makeBatch(ctx, part, r) }); err != nil {
			return err
		}
	}
	return nil
}

// parts are b, or if that takes more than half of the gate's room, one part for each
// derivative; none if there is nothing to make.
func (p *Pipeline) parts(b *batch) (parts []*batch) {
	switch room := p.Render.Gate.MaxWeight(); {
	case len(b.items) == 0:
		return nil
	case p.Render.Gate.Dedicated() || room == 0 || resize.CostOfAll(b.header, b.all()) <= room/2:
		return []*batch{b}
	}
	for n, i := range b.items {
		one := *b
		one.items, one.plans, one.mezzanine = []*item{i}, b.plans[n:n+1], nil
		parts = append(parts, &one)
	}
	return parts
}

// makeBatch makes and keeps a batch when nobody waits for a picture, and settles
// its items, but those that an error has come before. What is returned says how long
// that took.
func (p *Pipeline) makeBatch(ctx context.Context, b *batch, r *Primed) (*made, error) {
	rb := &render.Batch{Header: b.header, Plans: b.all()}
	rb.Source = p.source(b.seen, func() ([]byte, error) {
		p.leaveOut(b, r)
		if len(b.items) == 0 {
			rb.Plans = nil
			return nil, nil
		}
		rb.Plans = b.all()
		return b.read()
	})
	steps, err := p.Render.RenderBatch(ctx, rb, func(i int, data []byte, err error) {
		if i == len(b.items) {
			p.batchedMezzanine(ctx, b.mezzanine, data, err)
			return
		}
		p.batched(ctx, b, b.items[i], data, err, r)
	})
	return &made{steps: steps}, err
}

// leaveOut takes from a batch what somebody has made of the same while it let
// others go first.
func (p *Pipeline) leaveOut(b *batch, r *Primed) {
	items, plans := b.items, b.plans
	b.items, b.plans = nil, nil
	for n, i := range items {
		if st, err := p.Derivatives.Touch(i.name); err == nil && st.ModTime.Equal(b.modTime) {
			i.settled = true
			r.There++
			continue
		}
		b.add(i, plans[n])
	}
	if b.mezzanine != nil && p.halved(*b.mezzanine) {
		b.mezzanine = nil
	}
}

// batched keeps and settles what was made of a batch. What is broken is left to
// whoever ends the work.
func (p *Pipeline) batched(ctx context.Context, b *batch, i *item, data []byte, err error, r *Primed) {
	if err != nil {
		if !b.elsewhere || !errors.Is(err, header.ErrBroken) {
			i.settle(r, err)
		}
		return
	}
	m := &made{data: data, modTime: b.modTime, mediaType: render.MediaType(i.variant, data), source: FromOrigin, epoch: b.epoch}
	if p.keep(ctx, i.order, m); !m.stored {
		err = ErrNotKept
	}
	i.settle(r, err)
}

// batchedMezzanine keeps a mezzanine, if it could be made.
func (p *Pipeline) batchedMezzanine(ctx context.Context, h *halving, body []byte, err error) {
	if err == nil {
		err = p.keepMezzanine(ctx, *h, body)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		p.tell("no mezzanine was made", h.key, err)
	}
}
