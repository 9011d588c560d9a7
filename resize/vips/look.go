package vips

import (
	"context"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// Look implements resize.Resizer.
func (e *Engine) Look(ctx context.Context, src []byte, h resize.Header, v variant.Variant) (variant.Variant, error) {
	if err := e.accepts(ctx, src, h); err != nil {
		return v, err
	}
	region, err := resize.Region(h, v)
	if err != nil {
		return v, err
	}
	l := job{newRun(ctx), e, src, h, resize.Plan{Page: max(v.Page-1, 0), Frames: 1}}
	defer l.close()
	im, shrink := l.overview(v)
	inner := region
	if v.Trim != 0 {
		inner = l.inner(im, region, shrink, v.Trim)
	}
	x, y := l.attention(im, inner, shrink, v)
	if l.err != nil {
		return v, l.explain(ctx)
	}
	return resize.Seen(h, v, inner, x, y), nil
}

// overviewSide is how long the longer side of a picture needs to be for its
// attractive parts to be found.
const overviewSide = 1024

// overview is the upright picture, in memory, as much smaller as can be: for a
// border to be found to a pixel of the result, and shrink times.
func (j job) overview(v variant.Variant) (im pixels, shrink float64) {
	w, h := j.header.Upright()
	shrink = max(1, float64(max(w, h))/overviewSide)
	if v.Trim != 0 {
		shrink = 1
		if boxW, boxH := v.Box(); boxW > 0 && boxH > 0 {
			shrink = max(1, min(float64(w)/float64(boxW), float64(h)/float64(boxH)))
		}
	}
	smallW, smallH := max(1, int(float64(w)/shrink)), max(1, int(float64(h)/shrink))
	j.plan.ScaledW, j.plan.ScaledH = smallW, smallH
	j.plan.Cut = resize.Rect{Width: smallW, Height: smallH}
	return j.inMemory(j.scaled(j.load(j.source()))), shrink
}

// inner is what remains of region, in pixels of the upright source, without the
// plain border that it has in im, which is shrunk so many times. A picture that
// is plain all over remains as it is.
func (r *run) inner(im pixels, region resize.Rect, shrink float64, threshold int) resize.Rect {
	part := r.cut(im, r.within(im, region, shrink))
	part, background := r.contrasted(part)
	found := r.measure("find_trim", []string{"left", "top", "width", "height"},
		on(part), set("threshold", float64(threshold)), set("background", background))
	if r.err != nil || found[2] == 0 || found[3] == 0 {
		return region
	}
	grow := func(n int) int { return int(float64(n)*shrink + 0.5) }
	left, top := min(grow(found[0]), region.Width-1), min(grow(found[1]), region.Height-1)
	return resize.Rect{
		Left: region.Left + left, Top: region.Top + top,
		Width: min(max(1, grow(found[2])), region.Width-left), Height: min(max(1, grow(found[3])), region.Height-top),
	}
}

// contrasted is what a border is looked for in, and its colour there: that of the
// left upper pixel. If one can see through that, alpha alone counts.
func (r *run) contrasted(im pixels) (pixels, []float64) {
	corner := r.point(im, 0, 0)
	if r.err != nil || !r.hasAlpha(im) {
		return im, corner
	}
	last := len(corner) - 1
	if corner[last] < 255 {
		return r.alpha(im), corner[last:]
	}
	return r.do("flatten", on(im), set("background", corner[:last])), corner[:last]
}

// within is region in the pixels of im, which is shrunk so many times.
func (r *run) within(im pixels, region resize.Rect, shrink float64) resize.Rect {
	w, h := r.size(im)
	left := min(int(float64(region.Left)/shrink), max(w-1, 0))
	top := min(int(float64(region.Top)/shrink), max(h-1, 0))
	return resize.Rect{
		Left: left, Top: top,
		Width:  min(max(1, int(float64(region.Width)/shrink+0.5)), w-left),
		Height: min(max(1, int(float64(region.Height)/shrink+0.5)), h-top),
	}
}

// attention is where the eye goes in the inner part of the picture, relative to
// the whole: libvips' own measure, of edges, skin and strong colours.
func (r *run) attention(im pixels, inner resize.Rect, shrink float64, v variant.Variant) (x, y float64) {
	if r.err != nil || v.Gravity != variant.GravitySmart {
		return 0.5, 0.5
	}
	w, h := r.size(im)
	part := r.within(im, inner, shrink)
	boxW, boxH := v.Box()
	cutW, cutH := cover(part, boxW, boxH)
	if cutW == part.Width && cutH == part.Height {
		return float64(part.Left+part.Width/2) / float64(w), float64(part.Top+part.Height/2) / float64(h)
	}
	out := r.do("smartcrop", input("input", r.cut(im, part)), set("width", cutW), set("height", cutH), set("interesting", "attention"))
	if r.err != nil {
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
