package prime

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// group is derivatives of one original, at least one.
type group []*item

// item is one of them.
type item struct {
	pipeline.Request
	plan    resize.Plan // set by planned
	settled bool        // has been counted
}

// grouped adds an item to the group of its original.
func grouped(groups []group, i *item) []group {
	n := slices.IndexFunc(groups, func(g group) bool { return g.id() == i.ID() })
	if n < 0 {
		return append(groups, group{i})
	}
	groups[n] = append(groups[n], i)
	return groups
}

func (g group) id() originals.ID { return g[0].ID() }

// left is the items that have not been settled.
func (g group) left() group {
	return slices.DeleteFunc(slices.Clone(g), func(i *item) bool { return i.settled })
}

func (i *item) settle(r *Result, err error) {
	i.settled = true
	r.settle(err)
}

// primeGroup makes those of a group that the mezzanine serves from that, if there is
// one, and the others, with a mezzanine, from the original.
func (e *Engine) primeGroup(ctx context.Context, g group, r *Result) {
	err := retryIfMoved(func() error {
		if err := e.primeFromMezzanine(ctx, g, r); err != nil {
			return err
		}
		return e.primeFromOriginal(ctx, g, r)
	})
	for _, i := range g.left() {
		i.settle(r, err)
	}
}

// primeFromMezzanine makes what the mezzanine serves, if there is one, or it is being
// made. One that is damaged is removed, and of no use.
func (e *Engine) primeFromMezzanine(ctx context.Context, g group, r *Result) error {
	if e.pipeline.Render.Settings.MezzanineSide <= 0 {
		return nil
	}
	m := e.pipeline.Mezzanines
	m.Wait(ctx, g.id())
	epoch := e.pipeline.Epoch(g.id().Name())
	z := m.Find(ctx, g.id())
	if z == nil {
		return nil
	}
	z.Blob.Close() // it may be queued for long
	tooSmall := func(i *item) bool { return !resize.MezzanineSuffices(z.Header, i.plan) }
	err := e.makeBatches(ctx, &batch{
		items: slices.DeleteFunc(e.planned(g, z.Original, r), tooSmall), header: z.Header, original: z.Ref(), epoch: epoch,
		open: func() (resize.Source, func(), error) { return m.Reopen(z) }, retryFromOriginal: true,
	}, r)
	if errors.Is(err, header.ErrBroken) {
		m.Remove(z)
		return nil
	}
	return err
}

// primeFromOriginal makes what is left from the original, and the mezzanine if there is
// to be one.
func (e *Engine) primeFromOriginal(ctx context.Context, g group, r *Result) error {
	if len(g.left()) == 0 {
		return nil
	}
	if err := e.pipeline.Originals.YieldToFetches(ctx, g.id()); err != nil {
		return err
	}
	b, err := e.batchOfOriginal(ctx, g, r)
	if err == nil {
		err = e.makeBatches(ctx, b, r)
		e.pipeline.Originals.RemoveIfBroken(g.id(), err)
	}
	return err
}

func (e *Engine) batchOfOriginal(ctx context.Context, g group, r *Result) (*batch, error) {
	o, h, err := e.pipeline.Originals.OpenInspected(ctx, g.id(), originals.Inspection{Background: true})
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
		items: e.planned(g, h, r), header: h, original: ref, epoch: o.Epoch,
		open: func() (resize.Source, func(), error) { return e.pipeline.Originals.Reopen(ref) },
	}
	if j, ok := e.pipeline.Mezzanines.JobOf(o, h); ok {
		b.mezzanine = &j
	}
	return b, nil
}

// planned plans what is left for an original with that header. What cannot be planned has
// failed.
func (e *Engine) planned(g group, h header.Header, r *Result) (items []*item) {
	for _, i := range g.left() {
		var err error
		if i.plan, err = e.pipeline.Render.Plan(h, i.Variant, i.Accept); err != nil {
			i.settle(r, err)
			continue
		}
		items = append(items, i)
	}
	return items
}
