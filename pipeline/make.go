package pipeline

import (
	"context"
	"errors"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// order is a derivative that is wanted.
type order struct {
	key     variant.Key
	variant variant.Variant
	accept  variant.Accept
	last    bool // nobody waits for it
	name    variant.Name
}

func (p *Pipeline) order(key variant.Key, v variant.Variant, a variant.Accept) order {
	return order{key: key, variant: v, accept: a, name: p.Name(key, v, a)}
}

// original is the name of what it is made of.
func (o order) original() variant.Name { return o.variant.Original(o.key) }

// makeOnce makes and keeps a derivative, other than the old one if that is not nil,
// once for all who want it.
func (p *Pipeline) makeOnce(ctx context.Context, o order, old *Result) (m *made, shared bool, err error) {
	flight := p.flightKey(o.name, o.key)
	if o.last { // who waits must not join what lets others go first
		flight += " last"
	}
	return p.making.Do(ctx, flight, func(ctx context.Context) (*made, error) {
		if r := p.onDisk(o.name); r != nil { // made while we were on our way here?
			if old == nil || !r.Blob.ModTime.Equal(old.Blob.ModTime) {
				m, err := loaded(r)
				if err == nil {
					return m, nil
				}
				p.unreadable(err)
			}
			r.Blob.Close()
		}
		m, err := p.make(ctx, o)
		if err == nil && !m.broken {
			p.keep(ctx, o, m)
		}
		return m, err
	})
}

// make makes a derivative, of a mezzanine if there is one that serves.
func (p *Pipeline) make(ctx context.Context, o order) (*made, error) {
	if !o.last && p.Render.Gate.Full(0) { // before anything is read in vain
		return nil, gate.ErrBusy
	}
	m, err := p.fromMezzanine(ctx, o)
	if m == nil && err == nil {
		m, err = p.fromOriginal(ctx, o)
	}
	return m, err
}

// fromOriginal makes a derivative of the original, and has a mezzanine made for
// the next one.
func (p *Pipeline) fromOriginal(ctx context.Context, wanted order) (*made, error) {
	if !wanted.last && p.full(wanted.original()) {
		return nil, gate.ErrBusy
	}
	m, err := p.fromOriginalBy(ctx, wanted, toDisk)
	if errors.Is(err, cache.ErrUnreadable) {
		p.unreadable(err)
		m, err = p.fromOriginalBy(ctx, wanted, intoMemory)
	}
	return m, err
}

func (p *Pipeline) fromOriginalBy(ctx context.Context, wanted order, way way) (*made, error) {
	o, header, err := p.inspected(ctx, wanted, way)
	if err != nil {
		return nil, err
	}
	defer o.blob.Close()
	plan, err := p.Render.Plan(header, wanted.variant, wanted.accept)
	if err != nil {
		return nil, err
	}
	return p.directly(ctx, o, work{wanted, header, plan, render.FromOriginal, seenAs(wanted.original(), o.blob)})
}

// directly makes a derivative of an original that is open.
func (p *Pipeline) directly(ctx context.Context, o *original, w work) (*made, error) {
	read := o.blob.Bytes
	if w.last {
		if o.blob.NotKept != nil {
			return nil, notKept(o.blob.NotKept)
		}
		o.blob.Close() // while others go first
		read = p.reader(seenAs(w.original(), o.blob))
	}
	m := (&made{modTime: o.blob.ModTime, source: FromOrigin, broken: o.broken}).of(o)
	err := p.carryOut(ctx, m, w, read)
	p.forgetBroken(w.original(), err)
	switch {
	case p.tolerates(err) && len(m.data) > 0:
		m.broken = true
	case err != nil:
		return nil, err
	default:
		p.mezzanineSoon(ctx, o, w)
	}
	return m, nil
}

// work is a derivative that is wanted, and what is to be done for it: with what
// has that header, which is the original or its mezzanine.
type work struct {
	order
	header header.Header
	plan   resize.Plan
	of     render.Input
	// seen is the original, also where it is made of the mezzanine.
	seen seen
}

// carryOut has the engine make m.
func (p *Pipeline) carryOut(ctx context.Context, m *made, w work, read reading) error {
	picture, err := p.Render.Render(ctx, render.Job{
		Variant: w.variant, Accept: w.accept, Header: w.header, Plan: w.plan,
		Input: w.of, Background: w.last, Source: p.source(w.seen, read),
	})
	m.data, m.mediaType = picture.Data, picture.MediaType
	m.steps = append(m.steps, picture.Steps...)
	return err
}

// full reports that there will be no place for a picture, before anything is
// fetched in vain: those that are being fetched line up before one that has to be.
func (p *Pipeline) full(original variant.Name) bool {
	running, waiting := p.Fetches.Load()
	return p.Render.Gate.Full(running+waiting) && (p.Render.Gate.Full(0) || !p.opens(original))
}

// inspected returns an original and its header. One that lies broken on disk is
// fetched again: it may have been whole, and was cut short there.
func (p *Pipeline) inspected(ctx context.Context, wanted order, w way) (*original, header.Header, error) {
	for again := true; ; again = false {
		o, err := p.original(ctx, wanted.key, wanted.variant, w)
		if err != nil {
			return nil, header.Header{}, err
		}
		h, err := p.inspect(ctx, o, inspection{seenAs(wanted.original(), o.blob), wanted.variant.Page, o.epoch, wanted.last})
		again = again && o.source == FromDisk && errors.Is(err, header.ErrBroken)
		o.broken = !again && p.tolerates(err) && h.Width > 0
		if err == nil || o.broken {
			return o, h, nil
		}
		o.blob.Close()
		if !again {
			return nil, header.Header{}, err
		}
	}
}

// tolerates reports whether err may be passed over.
func (p *Pipeline) tolerates(err error) bool {
	return p.ServeBroken && errors.Is(err, header.ErrBroken)
}

// forgetBroken removes an original that turned out to be broken, so that it is
// fetched again when somebody has mended it. One that is no picture at all stays:
// it may be wanted as it is.
func (p *Pipeline) forgetBroken(name variant.Name, err error) {
	if errors.Is(err, header.ErrBroken) {
		p.headers.forget(name)
		p.forget(p.Originals, name)
	}
}
