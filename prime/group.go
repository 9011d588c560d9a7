package prime

import (
	"context"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// group is derivatives of one original.
type group struct {
	throttle throttle
	id       originals.ID
	items    []*item
}

// item is one of them.
type item struct {
	pipeline.Request
	settled bool // has been counted
}

// grouped adds an item to the group of its original.
func grouped(groups []*group, i *item, throttle throttle) []*group {
	for _, g := range groups {
		if g.id == i.ID() {
			g.items = append(g.items, i)
			return groups
		}
	}
	return append(groups, &group{throttle, i.ID(), []*item{i}})
}

// left is the items that have not been settled.
func (g *group) left() (left []*item) {
	for _, i := range g.items {
		if !i.settled {
			left = append(left, i)
		}
	}
	return left
}

func (i *item) settle(r *Result, err error) {
	i.settled = true
	r.settle(err)
}

// primeFromMezzanine makes what the mezzanine serves, if there is one, or it is being
// made. One that is damaged is removed, and of no use.
func (e *Engine) primeFromMezzanine(ctx context.Context, g *group, r *Result) error {
	if e.pipeline.Render.Settings.MezzanineSide <= 0 {
		return nil
	}
	m := e.pipeline.Mezzanines
	m.Wait(ctx, g.id)
	epoch := e.pipeline.Epoch(g.id.Name())
	z := m.Find(ctx, g.id)
	if z == nil {
		return nil
	}
	defer z.Blob.Close()
	b := &batch{
		epoch: epoch, retryFromOriginal: true, header: z.Header, original: z.Ref(),
		open: func() (resize.Source, func(), error) { return m.Reopen(z) },
	}
	for _, i := range g.left() {
		plan, err := e.pipeline.Render.Plan(z.Original, i.Variant, i.Accept)
		if err != nil {
			i.settle(r, err)
		} else if resize.MezzanineSuffices(z.Header, plan) {
			b.add(i, plan)
		}
	}
	z.Blob.Close() // it may be queued for long
	err := e.makeBatches(ctx, b, r, g.throttle)
	if errors.Is(err, header.ErrBroken) {
		m.Remove(z)
		return nil
	}
	return err
}

// primeFromOriginal makes what is left from the original, and the mezzanine if there is
// to be one.
func (e *Engine) primeFromOriginal(ctx context.Context, g *group, r *Result) error {
	if len(g.left()) == 0 {
		return nil
	}
	if err := e.pipeline.Originals.YieldToFetches(ctx, g.id); err != nil {
		return err
	}
	b, err := e.batchOfOriginal(ctx, g, r)
	if err == nil {
		err = e.makeBatches(ctx, b, r, g.throttle)
		e.pipeline.Originals.RemoveIfBroken(g.id, err)
	}
	return err
}

func (e *Engine) batchOfOriginal(ctx context.Context, g *group, r *Result) (*batch, error) {
	o, h, err := e.pipeline.Originals.OpenInspected(ctx, g.id, originals.Inspection{Background: true})
	if err != nil {
		return nil, err
	}
	defer o.Blob.Close()
	switch {
	case o.Broken: // nothing that is made from it is kept
		return nil, header.ErrBroken
	case o.Blob.NotKept != nil:
		return nil, fmt.Errorf("%w: %v", cache.ErrNotKept, o.Blob.NotKept)
	}
	ref := o.Ref()
	b := &batch{
		epoch: o.Epoch, header: h, original: ref,
		open: func() (resize.Source, func(), error) { return e.pipeline.Originals.Reopen(ref) },
	}
	for _, i := range g.left() {
		plan, err := e.pipeline.Render.Plan(h, i.Variant, i.Accept)
		if err != nil {
			i.settle(r, err)
			continue
		}
		b.add(i, plan)
	}
	if j, ok := e.pipeline.Mezzanines.JobOf(o, h); ok {
		b.mezzanine = &j
	}
	return b, nil
}
