package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Request is a derivative that is wanted: a picture, or JSON about one, which is made,
// kept and forgotten in the same way.
type Request struct {
	Key     variant.Key
	Variant variant.Variant
	Accept  variant.Accept
	// Background gives the work low priority: no client waits for it.
	Background bool
	name       variant.Name
}

// NewRequest returns a Request of a client.
func (p *Pipeline) NewRequest(key variant.Key, v variant.Variant, a variant.Accept) Request {
	return Request{Key: key, Variant: v, Accept: a, name: p.Name(key, v, a)}
}

// Name is the derivative's name in the cache.
func (r Request) Name() variant.Name { return r.name }

// ID names the original that the derivative is made from.
func (r Request) ID() originals.ID { return originals.IDOf(r.Key, r.Variant) }

// Name is the name of a derivative in the cache.
func (p *Pipeline) Name(key variant.Key, v variant.Variant, a variant.Accept) variant.Name {
	return v.Name(key, a, p.Render.Recipe(v))
}

// Picture returns a derivative of the original named key.
//
// Errors are those of originals.Store.OpenInspected and render.Engine.Render. A ctx that
// ends ends the waiting; the work goes on only if another request waits for it.
func (p *Pipeline) Picture(ctx context.Context, key variant.Key, v variant.Variant, a variant.Accept) (*Result, error) {
	r := p.NewRequest(key, v, a)
	old := p.lookUp(r)
	if old != nil && p.isUsable(ctx, r.ID(), old) {
		return old, nil
	}
	result, err := p.makeNew(ctx, r, old)
	if err != nil && old != nil && failure.Of(err) != failure.NotFound && ctx.Err() == nil {
		old.Stale = true // which is better than nothing
		return old, nil
	}
	old.close()
	return result, err
}

// lookUp finds a derivative in memory or on disk; nil if it is not there.
func (p *Pipeline) lookUp(r Request) *Result {
	d, ok := p.Derivatives.Open(r.name)
	if !ok {
		return nil
	}
	result := found(r.name, d)
	return &result
}

// isUsable notes in a result that was found what is known of its original, and reports
// false if the origin has another version of that: then the derivative is made anew.
func (p *Pipeline) isUsable(ctx context.Context, id originals.ID, r *Result) bool {
	f := p.Originals.CheckFreshness(ctx, id, r.Blob.ModTime)
	r.Stale, r.Revalidating = f == originals.Error, f == originals.Revalidating
	r.OriginDown = p.Originals.IsDown(id.Key)
	return f.Usable()
}

// makeNew makes a derivative, in place of an old one if that is not nil, or a provisional
// one.
func (p *Pipeline) makeNew(ctx context.Context, r Request, old *Result) (*Result, error) {
	if result, err := p.provisional(ctx, r); result != nil || err != nil {
		return result, err
	}
	m, shared, err := p.makeOnce(ctx, r, old)
	if err != nil {
		return nil, err
	}
	return p.result(r, m, shared), nil
}

// makeOnce makes and keeps a derivative, other than the old one if that is not nil, once
// for all requests that want it.
func (p *Pipeline) makeOnce(ctx context.Context, r Request, old *Result) (m *rendered, shared bool, err error) {
	return p.making.Do(ctx, p.flightKey(r), func(ctx context.Context) (*rendered, error) {
		if m := p.madeMeanwhile(r, old); m != nil {
			return m, nil
		}
		m, err := p.make(ctx, r)
		if err == nil && !m.broken {
			p.keep(ctx, r, m)
		}
		return m, err
	})
}

// madeMeanwhile is a derivative that came to disk since the request has looked for it.
func (p *Pipeline) madeMeanwhile(r Request, old *Result) *rendered {
	d, ok := p.Derivatives.OpenFile(r.name)
	if !ok {
		return nil
	}
	if old != nil && d.Blob.ModTime.Equal(old.Blob.ModTime) {
		d.Blob.Close()
		return nil
	}
	body, err := p.Derivatives.Read(d)
	if err != nil {
		return nil
	}
	return &rendered{Body: body, source: FromDisk}
}

// make makes a derivative, from a mezzanine if there is one that serves.
func (p *Pipeline) make(ctx context.Context, r Request) (*rendered, error) {
	if !r.Background && p.Render.Gate.Full(0) { // before anything is read for nothing
		return nil, gate.ErrBusy
	}
	m, err := p.fromMezzanine(ctx, r)
	if m == nil && err == nil {
		m, err = p.fromOriginal(ctx, r)
	}
	return m, err
}

// fromMezzanine makes a derivative from a mezzanine that is large enough, for which the
// original is not needed; nil if there is none.
func (p *Pipeline) fromMezzanine(ctx context.Context, r Request) (*rendered, error) {
	if !p.Mezzanines.Suits(r.Variant) {
		return nil, nil
	}
	epoch := p.Epoch(r.ID())
	z := p.Mezzanines.Find(ctx, r.ID())
	if z == nil {
		return nil, nil
	}
	defer z.Blob.Close()
	p.Originals.RememberHeader(z.Ref(), epoch, z.Original)
	plan, err := p.Render.Plan(z.Original, r.Variant, r.Accept)
	if err != nil || !resize.MezzanineSuffices(z.Header, plan) {
		return nil, err
	}
	read := z.Read
	if r.Background {
		z.Blob.Close() // it may be queued for long
		read = func() ([]byte, error) { return p.Mezzanines.Reread(z) }
	}
	picture, err := p.Render.Render(ctx, r.job(z.Header, plan, render.FromMezzanine, p.Originals.Source(z.Ref(), read)))
	switch {
	case errors.Is(err, header.ErrBroken): // the mezzanine is: the original will do
		p.Mezzanines.Remove(z)
		return nil, nil
	case err != nil:
		return nil, err
	case !p.Mezzanines.IsUnchanged(z):
		return nil, nil
	}
	return &rendered{
		Body: derivatives.NewBody(picture.Data, z.Blob.ModTime, picture.MediaType), source: FromOrigin, epoch: epoch,
		stale: z.Freshness == originals.Error, revalidating: z.Freshness == originals.Revalidating, steps: picture.Steps,
	}, nil
}

// fromOriginal makes a derivative from the original, and has a mezzanine made for the
// next one.
func (p *Pipeline) fromOriginal(ctx context.Context, r Request) (*rendered, error) {
	if !r.Background && p.isOverloaded(r.ID()) {
		return nil, gate.ErrBusy
	}
	m, err := p.fromOriginalBy(ctx, r, originals.ToDisk)
	if errors.Is(err, cache.ErrUnreadable) {
		m, err = p.fromOriginalBy(ctx, r, originals.IntoMemory)
	}
	return m, err
}

func (p *Pipeline) fromOriginalBy(ctx context.Context, r Request, mode originals.Mode) (*rendered, error) {
	o, h, err := p.Originals.OpenInspected(ctx, r.ID(), originals.Inspection{Page: r.Variant.Page, Background: r.Background, Mode: mode})
	if err != nil {
		return nil, err
	}
	defer o.Blob.Close()
	plan, err := p.Render.Plan(h, r.Variant, r.Accept)
	if err != nil {
		return nil, err
	}
	read := o.Blob.Bytes
	if r.Background {
		if o.Blob.NotKept != nil {
			return nil, fmt.Errorf("%w: %v", cache.ErrNotKept, o.Blob.NotKept)
		}
		o.Blob.Close() // it may be queued for long
		read = func() ([]byte, error) { return p.Originals.Read(o.Ref()) }
	}
	picture, err := p.Render.Render(ctx, r.job(h, plan, render.FromOriginal, p.Originals.Source(o.Ref(), read)))
	p.Originals.RemoveBroken(o.ID, err)
	broken := p.config.ServeBroken && errors.Is(err, header.ErrBroken) && len(picture.Data) > 0
	if err != nil && !broken {
		return nil, err
	}
	if !broken {
		p.Mezzanines.MakeInBackground(ctx, o, h)
	}
	return &rendered{
		Body: derivatives.NewBody(picture.Data, o.Blob.ModTime, picture.MediaType), source: FromOrigin, epoch: o.Epoch,
		broken: broken || o.Broken, stale: o.Stale, revalidating: o.Revalidating, steps: append(fetchSteps(o), picture.Steps...),
	}, nil
}

func (r Request) job(h header.Header, plan resize.Plan, input render.Input, source render.Source) render.Job {
	return render.Job{
		Variant: r.Variant, Accept: r.Accept, Background: r.Background,
		Header: h, Plan: plan, Input: input, Source: source,
	}
}

// isOverloaded reports that the gate will refuse a picture when its original has been
// fetched, before it is fetched for nothing: those that are being fetched come first.
func (p *Pipeline) isOverloaded(id originals.ID) bool {
	running, queued := p.Originals.Fetches.Load()
	return p.Render.Gate.Full(running+queued) && (p.Render.Gate.Full(0) || !p.Originals.IsCached(id))
}

// keep writes a derivative to disk and to memory, unless its picture was forgotten
// meanwhile.
func (p *Pipeline) keep(ctx context.Context, r Request, m *rendered) {
	began := p.config.Now()
	p.Derivatives.Keep(ctx, r.name, m.epoch, &m.Body)
	m.steps = append(m.steps, render.Step{Name: "store", Took: p.config.Now().Sub(began)})
}
