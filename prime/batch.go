package prime

import (
	"context"
	"errors"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// batch is derivatives that are made with one decode, and perhaps the mezzanine.
type batch struct {
	items     []*item
	plans     []resize.Plan   // of each item
	mezzanine *mezzanines.Job // comes last; nil for none
	epoch     uint64
	// retryFromOriginal: what fails because the source is broken can be made from the
	// original.
	retryFromOriginal bool

	header   header.Header    // of the source
	original originals.Ref    // also if the source is the mezzanine
	open     originals.Opener // of the source
}

func (b *batch) add(i *item, plan resize.Plan) {
	b.items, b.plans = append(b.items, i), append(b.plans, plan)
}

// all is the plans, with that of the mezzanine.
func (b *batch) all() []resize.Plan {
	if b.mezzanine == nil {
		return b.plans
	}
	return append(b.plans[:len(b.plans):len(b.plans)], b.mezzanine.Plan)
}

// makeBatches makes and keeps a batch at once, or what would keep requests out of the
// gate for that long, one by one and without the mezzanine.
func (e *Engine) makeBatches(ctx context.Context, b *batch, r *Result, throttle throttle) error {
	for _, part := range e.parts(b) {
		err := throttle(ctx, func() (time.Duration, error) { return e.makeBatch(ctx, part, r) })
		if err != nil {
			return err
		}
	}
	return nil
}

// parts is b, or if that takes more than half of the gate's weight, one part for each
// derivative; none if there is nothing to make.
func (e *Engine) parts(b *batch) (parts []*batch) {
	g := e.pipeline.Render.Gate
	switch limit := g.MaxWeight(); {
	case len(b.items) == 0:
		return nil
	case g.Dedicated() || limit == 0 || resize.CostOfAll(b.header, b.all()) <= limit/2:
		return []*batch{b}
	}
	for n, i := range b.items {
		one := *b
		one.items, one.plans, one.mezzanine = []*item{i}, b.plans[n:n+1], nil
		parts = append(parts, &one)
	}
	return parts
}

// makeBatch makes and keeps a batch, and settles its items, except those that an error
// came before. It returns how long the engine has worked.
func (e *Engine) makeBatch(ctx context.Context, b *batch, r *Result) (worked time.Duration, err error) {
	job := &render.Batch{Header: b.header, Plans: b.all()}
	job.Source = e.pipeline.Originals.Source(b.original, func() (src resize.Source, close func(), err error) {
		e.leaveOut(b, r)
		if len(b.items) == 0 {
			job.Plans = nil
			return src, func() {}, nil
		}
		job.Plans = b.all()
		return b.open()
	})
	ctx = originals.WithKey(ctx, b.original.ID.Key)
	steps, err := e.pipeline.Render.RenderBatch(ctx, job, func(i int, data []byte, err error) {
		if i == len(b.items) {
			e.keepMezzanine(ctx, b.mezzanine, data, err)
			return
		}
		e.keep(ctx, b, b.items[i], data, err, r)
	})
	for _, s := range steps {
		if s.Name == "prime" {
			worked += s.Took
		}
	}
	return worked, err
}

// leaveOut takes from a batch what was made for requests while it was queued.
func (e *Engine) leaveOut(b *batch, r *Result) {
	items, plans := b.items, b.plans
	b.items, b.plans = nil, nil
	for n, i := range items {
		if st, ok := e.pipeline.Derivatives.Stat(i.Name()); ok && st.ModTime.Equal(b.original.ModTime) {
			i.settled = true
			r.Exist++
			continue
		}
		b.add(i, plans[n])
	}
	if b.mezzanine != nil && e.pipeline.Mezzanines.Exists(*b.mezzanine) {
		b.mezzanine = nil
	}
}

// keep keeps and settles what was made of a batch. If the source is broken or cannot be
// read, that is left to the caller of makeBatches.
func (e *Engine) keep(ctx context.Context, b *batch, i *item, data []byte, err error, r *Result) {
	if err != nil {
		again := b.retryFromOriginal && errors.Is(err, header.ErrBroken) || errors.Is(err, cache.ErrUnreadable)
		if !again {
			i.settle(r, err)
		}
		return
	}
	body := derivatives.NewBody(data, b.original.ModTime, render.MediaType(i.Variant, data))
	if e.pipeline.Derivatives.Keep(ctx, i.Name(), b.epoch, &body); !body.Stored {
		err = cache.ErrNotKept
	}
	e.pipeline.Derivatives.Share(ctx, i.Name(), b.epoch, &body, shared.Cost{Always: true}, true)
	i.settle(r, err)
}

// keepMezzanine keeps a mezzanine, if it could be made.
func (e *Engine) keepMezzanine(ctx context.Context, j *mezzanines.Job, body []byte, err error) {
	if err == nil {
		err = e.pipeline.Mezzanines.Keep(ctx, *j, body)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		e.pipeline.Mezzanines.LogFailure(*j, err)
	}
}
