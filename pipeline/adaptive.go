package pipeline

import (
	"context"

	"github.com/thumbery/thumbery/variant"
)

// betterQueue is how many better pictures may wait to be made in the background;
// each holds some kilobytes and nothing open. What finds no place is made when it is
// asked for again.
const betterQueue = 64

// provisional gives the next best picture where the best is not there and slow to
// make, and has that made for the next who asks; nil where that is not so.
func (p *Pipeline) provisional(ctx context.Context, o order) (*Result, error) {
	if !p.Adaptive || o.variant.Format != variant.FormatAuto || o.variant.Kind != variant.Picture || o.accept&variant.AcceptAVIF == 0 {
		return nil, nil
	}
	next := p.Render.NormalizeAccept(o.accept &^ (variant.AcceptAVIF | variant.PreferWebP))
	if p.alike(o, next) {
		return nil, nil
	}
	epoch := p.epoch(o.key)
	r, err := p.Picture(ctx, o.key, o.variant, next)
	switch {
	case err != nil:
		return nil, err
	case p.alike(o, next): // is known now
		p.adopt(ctx, o, epoch, r)
		return r, nil
	case r.Stored: // else the better one would not be kept either
		p.betterSoon(ctx, o)
	}
	r.Provisional = true
	return r, nil
}

// alike reports that the same is made of a picture for those who accept next, as
// far as is known without opening the original.
func (p *Pipeline) alike(o order, next variant.Accept) bool {
	known, ok := p.headers.get(o.original())
	if !ok || alone(o.variant) {
		return false
	}
	best, err := p.Render.Plan(known.header, o.variant, o.accept)
	other, otherErr := p.Render.Plan(known.header, o.variant, next)
	return err != nil && otherErr != nil || err == nil && otherErr == nil && best == other
}

// adopt keeps what was made for others who get the same, in an epoch, under the
// name of o as well.
func (p *Pipeline) adopt(ctx context.Context, o order, epoch uint64, r *Result) {
	if r.Shared || r.Broken || !r.Stored || r.Source != FromOrigin {
		return
	}
	m := &made{modTime: r.Blob.ModTime, mediaType: r.MediaType, epoch: epoch}
	var err error
	if m.data, err = r.Blob.Bytes(); err != nil {
		return
	}
	p.better.Go(ctx, string(o.name), func(ctx context.Context) { p.keep(ctx, o, m) })
}

// betterSoon makes a derivative in the background, unless somebody does.
func (p *Pipeline) betterSoon(ctx context.Context, o order) {
	if p.hopeless(o.name) {
		return
	}
	epoch := p.epoch(o.key)
	p.better.Go(ctx, string(o.name), func(ctx context.Context) {
		primed := p.Prime(ctx, o.key, []Wish{{o.variant, o.accept}})
		if p.giveUp(o.name, epoch, primed.Err); primed.Err != nil {
			p.tell("the better picture was not made", o.key, primed.Err)
		}
	})
}
