package pipeline

import (
	"context"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
)

// fromShared takes a derivative from the shared tier, or else from make, which begins before
// there is an answer if that takes long.
func (p *Pipeline) fromShared(ctx context.Context, r Request, make func(context.Context, Request) (*made, error)) (*made, error) {
	epoch := p.epochs.At(r.name)
	after, ok := p.Derivatives.Shared.HedgeTime(r.name)
	if !ok {
		return make(ctx, r)
	}
	return shared.Hedge(ctx, after,
		func(ctx context.Context) (*made, bool) { return p.readShared(ctx, r, epoch) },
		func(ctx context.Context) (*made, error) { return make(ctx, r) })
}

// readShared reads a derivative from the shared tier. One of another original than the one
// that is in the cache, or that the origin is known to have, is as good as none.
func (p *Pipeline) readShared(ctx context.Context, r Request, epoch uint64) (m *made, ok bool) {
	began := p.config.Now()
	reading, end := p.config.Observer.Step(ctx, "bucket")
	body, ok := p.Derivatives.ReadShared(reading, r.name)
	end(nil)
	if !ok || !p.Originals.IsLatest(originals.Ref{ID: r.ID(), Size: -1, ModTime: body.ModTime}) {
		return nil, false
	}
	f := p.Originals.CheckFreshness(ctx, r.ID(), body.ModTime)
	return &made{Body: body, epoch: epoch, answer: Result{
		Source: FromShared, Stale: f == originals.Error, Revalidating: f == originals.Revalidating,
		Steps: []render.Step{{Name: "bucket", Took: p.config.Now().Sub(began)}},
	}}, f.Usable()
}

// copyShared copies a derivative from the shared tier to disk, if it is there.
func (p *Pipeline) copyShared(ctx context.Context, r Request) bool {
	m, err := p.fromShared(ctx, r, func(context.Context, Request) (*made, error) { return nil, cache.ErrMiss })
	if err != nil {
		return false
	}
	p.keep(ctx, r, m)
	return m.Stored
}
