package pipeline

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize/header"
)

// Has reports that a derivative is on disk, and usable. It notes its use. One that is in the
// shared tier only is copied to disk.
func (p *Pipeline) Has(ctx context.Context, r Request) bool {
	st, ok := p.Derivatives.Stat(r.name)
	return ok && p.Originals.CheckFreshness(ctx, r.ID(), st.ModTime).Usable() || p.copyShared(ctx, r)
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

// Prepare makes and keeps a derivative that no client waits for, with low priority. It
// returns how long the engine worked. If the disk does not keep it, the error is
// cache.ErrNotKept; others are those of Picture.
func (p *Pipeline) Prepare(ctx context.Context, r Request) (worked time.Duration, err error) {
	r.Background = true
	if err := p.Originals.YieldToFetches(ctx, r.ID()); err != nil {
		return 0, err
	}
	var old *Result
	if d, ok := p.Derivatives.OpenFile(r.name); ok { // and is not usable
		old = found(r.name, 0, d)
	}
	defer old.close()
	m, _, err := p.makeOnce(ctx, r, old)
	if err != nil {
		return 0, err
	}
	switch worked = render.Worked(m.answer.Steps); {
	case m.answer.Broken:
		return worked, header.ErrBroken
	case !m.Stored:
		return worked, cache.ErrNotKept
	}
	return worked, nil
}
