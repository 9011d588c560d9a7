package vips

import (
	"context"
	"math"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// Look implements resize.Resizer.
func (e *Engine) Look(ctx context.Context, source resize.Source, h header.Header, v variant.Variant) (variant.Variant, error) {
	src, err := e.accepts(ctx, source, h.Format)
	if err != nil {
		return v, err
	}
	region, err := resize.Region(h, v)
	if err != nil {
		return v, err
	}
	upW, upH := h.Upright()
	l := job{newRun(), e, src, h, resize.Plan{Page: max(v.Page-1, 0), Frames: 1, ScaledW: upW, ScaledH: upH}, e.config.Lenient}
	defer l.Close()
	seen := l.overview(l.coarse(v, region))
	inner := region
	if v.Trim != 0 {
		inner = l.inner(seen, region, v.Trim)
		// Where much goes, the rest is seen larger than was thought.
		if finer := l.coarse(v, inner); finer < 0.75*seen.shrink {
			seen = l.overview(finer)
			inner = l.inner(seen, region, v.Trim)
		}
	}
	x, y := l.attention(seen, inner, v)
	if l.Err != nil {
		return v, l.explain()
	}
	return resize.ResolveLook(h, v, inner, x, y), nil
}

// overviewSide is how long the longer side of a picture needs to be for its
// attractive parts to be found.
const overviewSide = 1024

// overview is the upright picture in memory, smaller than it is: one of its pixels
// is x times y of the source.
type overview struct {
	op.Image
	shrink float64 // that was asked for
	x, y   float64
}

// coarse is how many times smaller the picture may be looked at if only part of it
// remains: for a border to be found to half a pixel of the result.
func (j job) coarse(v variant.Variant, part resize.Rect) float64 {
	w, h := j.header.Upright()
	if v.Trim == 0 {
		return max(1, float64(max(w, h))/overviewSide)
	}
	boxW, boxH := v.Box()
	switch {
	case boxW == 0 && boxH == 0, w*h <= maxExact && !j.header.Drawn():
		return 1
	case boxW == 0:
		boxW = part.Width * boxH / part.Height
	case boxH == 0:
		boxH = part.Height * boxW / part.Width
	}
	return max(1, min(float64(part.Width)/float64(max(1, boxW)), float64(part.Height)/float64(max(1, boxH)))/2)
}

// maxExact is how many pixels a picture has whose border is found to the pixel.
const maxExact = 4 << 20

// maxDrawn is how many pixels a drawing has that is only looked at.
const maxDrawn = 4 << 20

func (j job) overview(shrink float64) overview {
	w, h := j.header.Upright()
	if j.header.Drawn() {
		shrink = max(shrink, math.Sqrt(float64(w)*float64(h)/maxDrawn))
	}
	smallW, smallH := max(1, int(float64(w)/shrink)), max(1, int(float64(h)/shrink))
	j.plan.ScaledW, j.plan.ScaledH = smallW, smallH
	j.plan.Cut = resize.Rect{Width: smallW, Height: smallH}
	im := j.InMemory(j.scaled(j.load(j.source())))
	return overview{im, shrink, float64(w) / float64(smallW), float64(h) / float64(smallH)}
}

// inner is what remains of region, in pixels of the upright source, without the
// plain border that it has in the overview. A picture that is plain all over
// remains as it is.
func (r *run) inner(o overview, region resize.Rect, threshold int) resize.Rect {
	part := r.within(o, region)
	g := r.ground(o, part, threshold)
	if r.Err != nil {
		return region
	}
	found := g.inner()
	if found == (resize.Rect{}) {
		return region
	}
	left, width := span(part.Left, part.Width, found.Left, found.Width, o.x, region.Left, region.Width)
	top, height := span(part.Top, part.Height, found.Top, found.Height, o.y, region.Top, region.Height)
	return resize.Rect{Left: left, Top: top, Width: width, Height: height}
}

// span is where, on an axis of the source, that lies which was found in part of an
// overview, at from and so long. What was found at an edge of the part lies at that
// of the region.
func span(start, length, from, n int, scale float64, region, whole int) (at, long int) {
	grow := func(i int) int { return int(float64(start+i)*scale + 0.5) }
	first, end := region, region+whole
	if from > 0 {
		first = min(max(grow(from), region), end-1)
	}
	if from+n < length {
		end = min(max(grow(from+n), first+1), end)
	}
	return first, end - first
}

// within is region in the pixels of the overview.
func (r *run) within(o overview, region resize.Rect) resize.Rect {
	w, h := r.Size(o.Image)
	left := min(int(float64(region.Left)/o.x), max(w-1, 0))
	top := min(int(float64(region.Top)/o.y), max(h-1, 0))
	return resize.Rect{
		Left: left, Top: top,
		Width:  min(max(1, int(float64(region.Width)/o.x+0.5)), w-left),
		Height: min(max(1, int(float64(region.Height)/o.y+0.5)), h-top),
	}
}

// attention is where the eye goes in the inner part of the picture, relative to
// the whole: libvips' own measure, of edges, skin and strong colours.
func (r *run) attention(o overview, inner resize.Rect, v variant.Variant) (x, y float64) {
	if r.Err != nil || v.Gravity != variant.GravitySmart {
		return 0.5, 0.5
	}
	w, h := r.Size(o.Image)
	part := r.within(o, inner)
	boxW, boxH := v.Box()
	cutW, cutH := cover(part, boxW, boxH)
	if cutW == part.Width && cutH == part.Height {
		return float64(part.Left+part.Width/2) / float64(w), float64(part.Top+part.Height/2) / float64(h)
	}
	out := r.Do("smartcrop", op.Input("input", r.cut(o.Image, part)), op.Set("width", cutW), op.Set("height", cutH), op.Set("interesting", "attention"))
	if r.Err != nil {
		return 0.5, 0.5
	}
	// Where it was cut is left as the origin of what remains.
	left, top := part.Left-int(out.Xoffset), part.Top-int(out.Yoffset)
	return (float64(left) + float64(cutW)/2) / float64(w), (float64(top) + float64(cutH)/2) / float64(h)
}

// cover is the largest rectangle of the box's shape within part.
func cover(part resize.Rect, boxW, boxH int) (w, h int) {
	if boxW == 0 || boxH == 0 {
		return part.Width, part.Height
	}
	if part.Width*boxH > part.Height*boxW {
		return max(1, part.Height*boxW/boxH), part.Height
	}
	return part.Width, max(1, part.Width*boxH/boxW)
}
