package prime

import (
	"context"
	"errors"
	"slices"
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
	mezzanine *mezzanines.Job // comes last; nil for none
	epoch     uint64
	header    header.Header    // of the source
	original  originals.Ref    // also if the source is the mezzanine
	open      originals.Opener // of the source
	// retryFromOriginal: what fails because the source is broken can be made from the
	// original.
	retryFromOriginal bool
}

// plans are those of the items, and then that of the mezzanine.
func (b *batch) plans() (plans []resize.Plan) {
	for _, i := range b.items {
		plans = append(plans, i.plan)
	}
	if b.mezzanine != nil {
		plans = append(plans, b.mezzanine.Plan)
	}
	return plans
}

// makeBatches makes and keeps a batch at once, or what would keep requests out of the
// gate for that long, one by one and without the mezzanine.
func (e *Engine) makeBatches(ctx context.Context, b *batch, r *Result) error {
	for _, part := range e.parts(b) {
		err := e.throttled(ctx, func() (time.Duration, error) { return e.makeBatch(ctx, part, r) })
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
	case g.Dedicated() || limit == 0 || resize.CostOfAll(b.header, b.plans()) <= limit/2:
		return []*batch{b}
	}
	for _, i := range b.items {
		one := *b
		one.items, one.mezzanine = []*item{i}, nil
		parts = append(parts, &one)
	}
	return parts
}

// makeBatch makes and keeps a batch, and settles its items, except those that an error
// came before. It returns how long the engine has worked.
func (e *Engine) makeBatch(ctx context.Context, b *batch, r *Result) (worked time.Duration, err error) {
	job := &render.Batch{Header: b.header, Plans: b.plans()}
	job.Source = e.pipeline.Originals.Source(b.original, func() (src resize.Source, close func(), err error) {
		if e.leaveOut(b, r); len(b.items) == 0 {
			job.Plans = nil
			return src, func() {}, nil
		}
		job.Plans = b.plans()
		return b.open()
	})
	ctx = originals.WithKey(ctx, b.original.ID.Key)
	return e.pipeline.Render.RenderBatch(ctx, job, func(i int, data []byte, err error) {
		if i == len(b.items) {
			e.keepMezzanine(ctx, b.mezzanine, data, err)
			return
		}
		e.keep(ctx, b, b.items[i], data, err, r)
	})
}

// leaveOut takes from a batch what was made for requests while it was queued.
func (e *Engine) leaveOut(b *batch, r *Result) {
	b.items = slices.DeleteFunc(b.items, func(i *item) bool {
		st, ok := e.pipeline.Derivatives.Stat(i.Name())
		if !ok || !st.ModTime.Equal(b.original.ModTime) {
			return false
		}
		i.settled = true
		r.Exist++
		return true
	})
	if b.mezzanine != nil && e.pipeline.Mezzanines.Exists(*b.mezzanine) {
		b.mezzanine = nil
	}
}

// keep keeps and settles what was made of a batch. If the source is broken or cannot be
// read, that is left to the caller of makeBatches.
func (e *Engine) keep(ctx context.Context, b *batch, i *item, data []byte, err error, r *Result) {
	switch {
	case errors.Is(err, cache.ErrUnreadable), b.retryFromOriginal && errors.Is(err, header.ErrBroken):
		return
	case err != nil:
		i.settle(r, err)
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
