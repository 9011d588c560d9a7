package vips

import (
	"cmp"
	"context"
	"errors"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/container"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// ResizeAll implements resize.Resizer.
func (e *Engine) ResizeAll(ctx context.Context, source resize.Source, h header.Header, plans []resize.Plan, done func(i int, data []byte, err error)) error {
	src, err := e.accepts(ctx, source, h.Format)
	if err != nil {
		return failAll(plans, done, err)
	}
	oneByOne := func(p resize.Plan) ([]byte, error) { return e.resize(ctx, src, h, p) }
	if !e.shares(h, plans) {
		return each(ctx, plans, done, oneByOne)
	}
	s, err := e.share(src, h, plans)
	switch {
	case err == nil:
		defer s.Close()
		return each(ctx, plans, done, s.make)
	case e.config.Lenient && errors.Is(err, header.ErrBroken):
		return each(ctx, plans, done, oneByOne)
	}
	return failAll(plans, done, err)
}

// each carries out plans one after the other. Its error is ctx's, if that has ended before
// the last was done, or of kind ErrBroken.
func each(ctx context.Context, plans []resize.Plan, done func(int, []byte, error), carryOut func(resize.Plan) ([]byte, error)) error {
	var ended error
	for i, p := range plans {
		var data []byte
		err := ctx.Err()
		if err == nil {
			data, err = carryOut(p)
		}
		if err != nil && ctx.Err() != nil || errors.Is(err, header.ErrBroken) {
			ended = err
		}
		done(i, data, err)
	}
	return ended
}

func failAll(plans []resize.Plan, done func(int, []byte, error), err error) error {
	for i := range plans {
		done(i, nil, err)
	}
	return err
}

// shares reports whether one decoding serves all plans. Drawings are drawn at the
// size of each, animations are made frame by frame, and bimg decodes by itself.
func (e *Engine) shares(h header.Header, plans []resize.Plan) bool {
	if len(plans) < 2 || h.Drawn() || e.config.Choice == engine.Bimg {
		return false
	}
	for _, p := range plans {
		if p.Frames != 1 || p.Page != plans[0].Page {
			return false
		}
	}
	return true
}

// shared is a picture that is decoded once for several plans. Its levels are in memory:
// each has half the sides of the one before, and from level 1 on colours are
// premultiplied by alpha. A plan starts from the smallest level that leaves it headroom.
type shared struct {
	job        // its plan is the one that has to be loaded largest
	w, h   int // of level 0
	levels map[int]op.Image

	// Plans that differ only in how they are encoded share their pixels: left is how
	// many of them are still to be made, and ready what they wait for, in memory.
	left  map[resize.Plan]int
	ready map[resize.Plan]composed
}

// composed is a picture before it is encoded, in a run of its own.
type composed struct {
	job
	im op.Image
}

// share decodes what the plan that has to be loaded largest needs. The caller closes what it
// returns.
func (e *Engine) share(src []byte, h header.Header, plans []resize.Plan) (*shared, error) {
	if h.Format == variant.PNG {
		if err := container.CheckPNG(src); err != nil {
			return nil, err
		}
	}
	s := &shared{
		job: job{newRun(), e, src, h, plans[0], false}, levels: map[int]op.Image{},
		left: map[resize.Plan]int{}, ready: map[resize.Plan]composed{},
	}
	for _, p := range plans {
		s.left[p.Unencoded()]++
		if (engine.Decoding{Header: h, Plan: p}).Shrink() < s.decoding().Shrink() {
			s.plan = p
		}
	}
	im := s.bare(s.load(s.source(plans...)), h)
	s.w, s.h = s.Size(im)
	first := s.levelFor(s.plan)
	for _, p := range plans { // one that shrinks one side alone may need more of the other
		first = min(first, s.levelFor(p))
	}
	if first > 0 {
		im = s.Do("shrink", op.On(s.premultiplyIfAlpha(im)), op.Set("hshrink", 1<<first), op.Set("vshrink", 1<<first))
	}
	s.levels[first] = s.InMemory(im)
	if s.Err == nil {
		return s, nil
	}
	defer s.Close()
	return nil, s.explain()
}

// premultiplyIfAlpha is im multiplied by its alpha, if it has one.
func (s *shared) premultiplyIfAlpha(im op.Image) op.Image {
	if !s.hasAlpha(im) {
		return im
	}
	return s.premultiplied(im)
}

// levelFor is the level of which p is made. Levels average samples and not light, which only
// the decoders of JPEG and WebP do, too.
func (s *shared) levelFor(p resize.Plan) (n int) {
	if p.Linear && s.header.Format != variant.JPEG && s.header.Format != variant.WebP {
		return 0
	}
	w, h, _ := p.StoredPlan(s.header.Orientation)
	leave := engine.Headroom
	if p.Coarse {
		leave = 1
	}
	for aligned(s.w, w, leave, n+1) && aligned(s.h, h, leave, n+1) {
		n++
	}
	return n
}

// aligned reports whether a side of the source, halved n times, leaves at least so
// much of a reduction to what becomes of it, and is not off by more than a quarter of
// a pixel of that at the end. Odd sides are rounded up, in which halves of pixels
// come to be whole ones.
func aligned(side, becomes, leave, n int) bool {
	beyond := -side & (1<<n - 1)
	return side >= becomes*leave<<n && 4*beyond*becomes <= side
}

// level makes a level of the one before, once. The first that any plan needs is
// there.
func (s *shared) level(n int) op.Image {
	if im, ok := s.levels[n]; ok || s.Err != nil {
		return im
	}
	im := s.level(n - 1)
	if n == 1 && s.hasAlpha(im) {
		im = s.InMemory(s.premultiplyIfAlpha(im))
	}
	s.levels[n] = s.Halved(im)
	return s.levels[n]
}

// make carries out one plan, in runs of its own, so that its failure is its own.
func (s *shared) make(p resize.Plan) ([]byte, error) {
	f := s.composed(p)
	defer s.encoded(f, p)
	if err := s.engine.writes(p); err != nil {
		return nil, err
	}
	j := job{s.another(), s.engine, s.src, s.header, p, false}
	defer j.Close()
	if j.Err = cmp.Or(f.Err, j.Err); j.Err == nil {
		out := j.encode(f.im)
		if j.Err == nil {
			return out, nil
		}
	}
	return nil, cmp.Or(j.known(), j.ours())
}

// composed carries out p up to the encoding. The caller passes the result to encoded.
func (s *shared) composed(p resize.Plan) composed {
	key := p.Unencoded()
	if f, ok := s.ready[key]; ok {
		return f
	}
	n := s.levelFor(p)
	im := s.level(n)
	f := composed{job: job{s.another(), s.engine, s.src, s.header, p, false}}
	if f.Err = cmp.Or(s.Err, f.Err); f.Err == nil {
		f.im = f.compose(f.placed(im, n > 0 && f.hasAlpha(im), s.shrunkTo(n)))
	}
	if s.left[key] > 1 {
		f.im = f.InMemory(f.im)
		s.ready[key] = f
	}
	return f
}

// shrunkTo is how many times smaller a level of a JPEG is; 1 for all others, whose level 0
// may be of any size.
func (s *shared) shrunkTo(level int) int {
	if s.header.Format == variant.JPEG {
		return s.shrunk() << level
	}
	return 1
}

// encoded releases a picture that no other plan needs.
func (s *shared) encoded(f composed, p resize.Plan) {
	key := p.Unencoded()
	if s.left[key]--; s.left[key] == 0 {
		delete(s.ready, key)
		f.Close()
	}
}
