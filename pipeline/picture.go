package pipeline

import (
	"context"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/variant"
)

// Request asks for a derivative: a picture, or JSON about one, which is made, kept and
// forgotten in the same way.
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
		old.Stale = true // better than an error
		return old, nil
	}
	old.close()
	return result, err
}

// lookUp finds a derivative in memory or on disk. It returns nil on a miss.
func (p *Pipeline) lookUp(r Request) *Result {
	epoch := p.Epoch(r.name)
	if d, ok := p.Derivatives.Open(r.name); ok {
		return found(r.name, epoch, d)
	}
	return nil
}

// isUsable sets what a cached result says about its original. It reports false if the
// origin has another version of the original: then the derivative is made again.
func (p *Pipeline) isUsable(ctx context.Context, id originals.ID, r *Result) bool {
	f := p.Originals.CheckFreshness(ctx, id, r.Blob.ModTime)
	r.setFreshness(f)
	r.OriginDown = p.Originals.IsDown(id.Key)
	return f.Usable()
}

// makeNew makes a derivative, in place of an old one if that is not nil, or a provisional
// picture where the right one takes long.
func (p *Pipeline) makeNew(ctx context.Context, r Request, old *Result) (*Result, error) {
	if next, ok := p.FasterAccept(r); ok {
		return p.adaptivePicture(ctx, r, next)
	}
	m, shared, err := p.makeOnce(ctx, r, old)
	if err != nil {
		return nil, err
	}
	return p.result(r, m, shared), nil
}

// makeOnce makes and keeps a derivative once for all requests that wait for it. It takes
// one that is on disk by now, unless that is the old one.
func (p *Pipeline) makeOnce(ctx context.Context, r Request, old *Result) (m *made, shared bool, err error) {
	return p.making.Do(ctx, p.flightKey(r), func(ctx context.Context) (*made, error) {
		if m := p.madeMeanwhile(r, old); m != nil {
			return m, nil
		}
		m, err := p.make(ctx, r)
		if err != nil {
			return nil, err
		}
		if m.answer.Work = ctx; !m.answer.Broken {
			p.keep(ctx, r, m)
		}
		return m, nil
	})
}

// madeMeanwhile returns a derivative that was written to disk after the request looked it
// up, or nil.
func (p *Pipeline) madeMeanwhile(r Request, old *Result) *made {
	epoch := p.Epoch(r.name)
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
	return &made{Body: body, answer: Result{Source: FromDisk, Epoch: epoch}}
}

// keep writes a derivative to disk and to memory, and to the shared tier if it was made here,
// unless its picture was forgotten meanwhile.
func (p *Pipeline) keep(ctx context.Context, r Request, m *made) {
	began := p.config.Now()
	storing, end := p.config.Observer.Step(ctx, "store")
	p.Derivatives.Keep(storing, r.name, m.answer.Epoch, &m.Body)
	end(nil)
	m.answer.Steps = append(m.answer.Steps, render.Step{Name: "store", Took: p.config.Now().Sub(began)})
	if m.answer.Source == Made {
		p.Derivatives.Share(ctx, r.name, m.answer.Epoch, &m.Body, m.cost, r.Background)
	}
}
