package pipeline

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// backgroundMezzanines is how many mezzanines may wait to be made after their
// pictures were answered; each holds some kilobytes and nothing open. What finds
// no place is made another time.
const backgroundMezzanines = 256

// halving is a mezzanine that is to be made, and all that is needed for it.
type halving struct {
	name     variant.Name
	key      variant.Key
	original seen
	header   header.Header
	plan     resize.Plan
	epoch    uint64
}

// halvingOf is that of an original; ok is false where there is none, where it would
// not be kept, as far as is known, and where it could not be made a while ago.
func (p *Pipeline) halvingOf(o *original, key variant.Key, v variant.Variant, header header.Header) (h halving, ok bool) {
	plan, pays := p.Settings.Mezzanine(header)
	if !pays || o.broken || o.blob.NotKept != nil || !p.keepsMezzanines() {
		return h, false
	}
	h = halving{
		name: p.mezzanineName(key, v), key: key,
		original: seenAs(v.Original(key), o.blob), header: header, plan: plan, epoch: o.epoch,
	}
	return h, !p.hopeless(h.name)
}

// keepsMezzanines reports that one that is made would be kept, as far as is known.
func (p *Pipeline) keepsMezzanines() bool {
	return p.Mezzanines != (cache.Discard{}) && p.Now().Sub(time.Unix(0, p.unkept.Load())).Abs() >= unkeptFor
}

// halvingFlight is where who wants a mezzanine made of what was opened in an epoch
// meets the others.
func halvingFlight(name variant.Name, epoch uint64) string {
	return string(name) + "@" + strconv.FormatUint(epoch, 36)
}

// throughMezzanine makes a derivative by way of a mezzanine that is made now,
// where others are making derivatives of the same original at this moment, or was made
// by them just now, so that it is decoded once for all of them; nil where that is of no use, or fails: then
// the original may still do.
func (p *Pipeline) throughMezzanine(ctx context.Context, o *original, w work) (*made, error) {
	h, ok := p.halvingOf(o, w.key, w.variant, w.header)
	if !ok || !p.takesMezzanine(w.variant) || !resize.Serves(h.planned(), w.plan) || !p.crowds.others(h.original.name) && !p.halved(h) {
		return nil, nil
	}
	began := p.Now()
	if err := p.halveNow(ctx, h); err != nil {
		if ctx.Err() != nil || errors.Is(err, gate.ErrBusy) {
			return nil, err
		}
		return nil, nil
	}
	z := p.openMezzanine(h.name)
	if z == nil {
		return nil, nil
	}
	defer z.blob.Close()
	w.header, w.of = z.Header, OfMezzanine
	if !h.fits(z) || !resize.Serves(z.Header, w.plan) {
		return nil, nil
	}
	waited := p.Now().Sub(began)
	m, err := p.carryOut(ctx, z, w)
	if m != nil {
		m.steps = append([]Step{{"mezzanine", waited}}, m.steps...)
	}
	return m, err
}

// halveNow is halve for who waits for it.
func (p *Pipeline) halveNow(ctx context.Context, h halving) error {
	_, leave := p.crowds.join(h.name)
	defer leave()
	p.crowds.hurry(h.original.name)
	return p.halve(ctx, h)
}

// planned is about the header that the mezzanine will have.
func (h halving) planned() header.Header {
	w, height := h.plan.Size()
	return header.Header{Format: h.plan.Output.Format, Width: w, Height: height, Orientation: 1, Pages: 1}
}

// fits reports that a mezzanine is of the original that was seen.
func (h halving) fits(z *mezzanine) bool {
	return z.OriginalBytes == h.original.size && z.blob.ModTime.Equal(h.original.modTime)
}

// mezzanineSoon makes a mezzanine in the background, after a derivative was made
// of the original, unless there is one, or it is about to be made.
func (p *Pipeline) mezzanineSoon(ctx context.Context, o *original, w work) {
	h, ok := p.halvingOf(o, w.key, w.variant, w.header)
	if !ok {
		return
	}
	st, err := p.Mezzanines.Touch(h.name)
	if err == nil && st.ModTime.Equal(h.original.modTime) || err != nil && !errors.Is(err, cache.ErrMiss) {
		return
	}
	p.soonOnce(ctx, p.later, h.name, func(ctx context.Context) {
		_, leave := p.crowds.join(h.original.name) // who comes meanwhile makes it in front of everybody
		defer leave()
		_ = p.halve(ctx, h) // it was logged
	})
}

// halve makes a mezzanine once for all who want it: when nobody waits for a
// picture, but if there is a hurry. It is on disk then, or there is an error.
func (p *Pipeline) halve(ctx context.Context, h halving) error {
	_, _, err := p.halving.Do(ctx, halvingFlight(h.name, h.epoch), func(ctx context.Context) (struct{}, error) {
		switch {
		case p.halved(h): // made while we were on our way here
			return struct{}{}, nil
		case p.hopeless(h.name): // or failed
			return struct{}{}, errHopeless
		case !p.keepsMezzanines(): // or found the disk full
			return struct{}{}, notKept(cache.ErrNoRoom)
		}
		err := panics.Try("background", func() error { return p.newMezzanine(ctx, h) })
		if err != nil && ctx.Err() == nil {
			p.giveUp(h.name, h.epoch, err)
			p.tell("no mezzanine was made", h.key, err)
		}
		return struct{}{}, err
	})
	return err
}

// halved reports that the mezzanine is there.
func (p *Pipeline) halved(h halving) bool {
	z := p.openMezzanine(h.name)
	if z == nil {
		return false
	}
	defer z.blob.Close()
	return h.fits(z)
}

// newMezzanine makes and keeps one. An original that is broken stays: whether
// derivatives can be made of it is for them to find out.
func (p *Pipeline) newMezzanine(ctx context.Context, h halving) error {
	var body []byte
	enter := func(ctx context.Context, pixels int64) (func(), error) {
		return p.enterPatiently(ctx, h.original.name, pixels)
	}
	t := turn{"mezzanine", h.plan.Cost(h.header), p.ResizeTimeout, enter, OfOriginal, h.original, true}
	err := p.inTurn(ctx, &made{}, p.reader(h.original), t, func(ctx context.Context, src []byte) (err error) {
		if p.halved(h) { // while we waited
			return nil
		}
		body, err = p.Resizer.Resize(ctx, src, h.header, h.plan)
		return err
	})
	if err != nil || body == nil {
		return err
	}
	return p.keepMezzanine(ctx, h, body)
}

// enterPatiently enters last, until somebody hurries.
func (p *Pipeline) enterPatiently(ctx context.Context, original variant.Name, pixels int64) (leave func(), err error) {
	patient, stop := p.crowds.patience(ctx, original)
	defer stop()
	leave, err = p.enterLast(patient, pixels)
	if err != nil && ctx.Err() == nil {
		return p.Gate.Enter(ctx, pixels)
	}
	return leave, err
}

// keepMezzanine writes one to disk, unless its picture was forgotten meanwhile.
// The error is of kind ErrNotKept.
func (p *Pipeline) keepMezzanine(ctx context.Context, h halving, body []byte) error {
	if p.forgottenSince(h.key, h.epoch) {
		return notKept(errForgotten)
	}
	packed := resize.PackMezzanine(h.header, h.original.size, body)
	// What has been made is kept, also if nobody waits for it any more.
	b, err := p.Mezzanines.Fill(context.WithoutCancel(ctx), h.name, bytes.NewReader(packed), h.original.modTime)
	if err == nil {
		err = b.NotKept
		b.Close()
	}
	p.kept(eviction.Mezzanines, int64(len(packed)), err)
	if err != nil {
		p.unkept.Store(p.Now().UnixNano())
		return notKept(err)
	}
	if p.forgottenSince(h.key, h.epoch) {
		p.forget(p.Mezzanines, h.name)
		return notKept(errForgotten)
	}
	return nil
}
