package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// errNoMezzanine means that no mezzanine can serve a request: the original is needed.
var errNoMezzanine = errors.New("no mezzanine serves")

// make makes a derivative, from a mezzanine if one serves, unless another server has made it:
// background work has found out before that none has (Has).
func (p *Pipeline) make(ctx context.Context, r Request) (*made, error) {
	if !r.Background && p.Render.Gate.Full(0) { // refuse before reading anything
		return p.fromShared(ctx, r, func(context.Context, Request) (*made, error) { return nil, gate.ErrBusy })
	}
	ctx = originals.WithKey(ctx, r.Key)
	m, err := p.fromMezzanine(ctx, r)
	switch {
	case !errors.Is(err, errNoMezzanine):
		return m, err
	case r.Background:
		return p.fromOriginal(ctx, r)
	}
	return p.fromShared(ctx, r, p.fromOriginal)
}

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
	steps := []render.Step{{Name: "bucket", Took: p.config.Now().Sub(began)}}
	m = &made{Body: body, answer: Result{Source: FromShared, Epoch: epoch, Steps: steps}}
	m.answer.setFreshness(f)
	return m, f.Usable()
}

// fromMezzanine makes a derivative without its original. The error is errNoMezzanine if
// there is no mezzanine, or none that is large enough and intact.
func (p *Pipeline) fromMezzanine(ctx context.Context, r Request) (*made, error) {
	if !p.Mezzanines.Suits(r.Variant) {
		return nil, errNoMezzanine
	}
	epoch := p.Epoch(r.name)
	mezzanine := p.Mezzanines.Find(ctx, r.ID())
	if mezzanine == nil {
		return nil, errNoMezzanine
	}
	defer mezzanine.Blob.Close()
	p.Originals.RememberHeader(mezzanine.Ref(), epoch, mezzanine.Original)
	plan, err := p.Render.Plan(mezzanine.Original, r.Variant, r.Accept)
	switch {
	case err != nil:
		return nil, err
	case !resize.MezzanineSuffices(mezzanine.Header, plan):
		return nil, errNoMezzanine
	}
	source := p.Mezzanines.SourceOf(mezzanine, r.Background)
	picture, err := p.Render.Render(ctx, r.job(mezzanine.Header, plan, render.FromMezzanine, source))
	switch {
	case errors.Is(err, header.ErrBroken): // the mezzanine, not the original
		p.Mezzanines.Remove(mezzanine)
		return nil, errNoMezzanine
	case err != nil:
		return nil, err
	case !p.Mezzanines.IsUnchanged(mezzanine):
		return nil, errNoMezzanine
	}
	m := &made{
		Body: derivatives.NewBody(picture.Data, mezzanine.Blob.ModTime, picture.MediaType), cost: shared.Cost{Always: true},
		answer: Result{Source: Made, Epoch: epoch, Steps: picture.Steps},
	}
	m.answer.setFreshness(mezzanine.Freshness)
	return m, nil
}

// fromOriginal makes a derivative from the original. An original that the disk cannot read
// back is fetched into memory.
func (p *Pipeline) fromOriginal(ctx context.Context, r Request) (*made, error) {
	if !r.Background && p.isOverloaded(r.ID()) {
		return nil, gate.ErrBusy
	}
	m, err := p.renderOriginal(ctx, r, originals.ToDisk)
	if errors.Is(err, cache.ErrUnreadable) {
		m, err = p.renderOriginal(ctx, r, originals.IntoMemory)
	}
	return m, err
}

// renderOriginal opens the original in a mode, makes the derivative, and has a mezzanine
// made in the background for later requests.
func (p *Pipeline) renderOriginal(ctx context.Context, r Request, mode originals.Mode) (*made, error) {
	o, h, err := p.Originals.OpenInspected(ctx, r.ID(), originals.Inspection{Page: r.Variant.Page, Background: r.Background, Mode: mode})
	if err != nil {
		return nil, err
	}
	defer o.Blob.Close()
	plan, err := p.Render.Plan(h, r.Variant, r.Accept)
	if err != nil {
		return nil, err
	}
	if r.Background && o.Blob.NotKept != nil {
		return nil, fmt.Errorf("%w: %v", cache.ErrNotKept, o.Blob.NotKept)
	}
	source := p.Originals.SourceOf(o, r.Background)
	job := r.job(h, plan, render.FromOriginal, source)
	job.Opened = o.Opened
	picture, err := p.Render.Render(ctx, job)
	p.Originals.RemoveIfBroken(o.ID, err)
	broken := p.config.ServeBroken && errors.Is(err, header.ErrBroken) && len(picture.Data) > 0
	if err != nil && !broken {
		return nil, err
	}
	if !broken {
		p.Mezzanines.MakeInBackground(ctx, o, h)
	}
	m := &made{
		Body:   derivatives.NewBody(picture.Data, o.Blob.ModTime, picture.MediaType),
		cost:   shared.Cost{Fetch: o.Fetch, Work: render.Worked(picture.Steps)},
		answer: Result{Source: Made, Epoch: o.Epoch, Broken: broken || o.Broken, Steps: append(fetchSteps(o), picture.Steps...)},
	}
	m.answer.setFreshness(o.Freshness)
	return m, nil
}

func (r Request) job(h header.Header, plan resize.Plan, input render.Input, source render.Source) render.Job {
	return render.Job{
		Variant: r.Variant, Accept: r.Accept, Background: r.Background,
		Header: h, Plan: plan, Input: input, Source: source,
	}
}

// isOverloaded reports whether the gate would refuse this picture after the fetch, counting
// the originals that are being fetched now. It saves a useless fetch.
func (p *Pipeline) isOverloaded(id originals.ID) bool {
	running, queued := p.Originals.Fetches.Load()
	return p.Render.Gate.Full(running+queued) && (p.Render.Gate.Full(0) || !p.Originals.IsCached(id))
}
