package pipeline

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
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

// halvingOf is that of an original; ok is false where there is none, and where it would
// not be kept, as far as is known.
func (p *Pipeline) halvingOf(o *original, key variant.Key, v variant.Variant, header header.Header) (h halving, ok bool) {
	plan, pays := p.Render.Settings.Mezzanine(header)
	if !pays || o.broken || o.blob.NotKept != nil || !p.keepsMezzanines() {
		return h, false
	}
	h = halving{
		name: p.mezzanineName(key, v), key: key,
		original: seenAs(v.Original(key), o.blob), header: header, plan: plan, epoch: o.epoch,
	}
	return h, true
}

// keepsMezzanines reports that one that is made would be kept, as far as is known.
func (p *Pipeline) keepsMezzanines() bool {
	return p.Mezzanines != (cache.Discard{}) && p.Now().Sub(time.Unix(0, p.unkept.Load())).Abs() >= unkeptFor
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
	p.later.Go(ctx, string(h.name), func(ctx context.Context) {
		err := panics.Try("background", func() error { return p.newMezzanine(ctx, h) })
		if err != nil && !errors.Is(err, errMezzanineExists) {
			p.tell("no mezzanine was made", h.key, err)
		}
	})
}

// errMezzanineExists ends the making of a mezzanine that somebody else has made.
var errMezzanineExists = errors.New("the mezzanine is there")

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
	source := p.source(h.original, func() ([]byte, error) {
		switch {
		case p.halved(h): // while we waited
			return nil, errMezzanineExists
		case !p.keepsMezzanines():
			return nil, notKept(cache.ErrNoRoom)
		}
		return p.reader(h.original)()
	})
	body, err := p.Render.RenderPlan(ctx, "mezzanine", h.header, h.plan, source)
	if err != nil {
		return err
	}
	return p.keepMezzanine(ctx, h, body)
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
