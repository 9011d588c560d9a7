package vips

import (
	"math"

	"github.com/thumbery/thumbery/variant"
)

// compose is what is done to a frame after it was scaled and cut.
func (j job) compose(im pixels) pixels {
	im = j.effects(im, j.plan.Effects)
	im = j.onCanvas(im)
	if j.plan.Rotate != 0 || j.plan.Flip != variant.FlipNone {
		im = j.mirror(j.turn(j.inMemory(im), j.plan.Rotate), j.plan.Flip)
	}
	if j.plan.Round > 0 {
		im = j.round(im, j.plan.Round)
	}
	if j.plan.Watermark != "" {
		im = j.watermark(im)
	}
	return im
}

// onCanvas lays im on its background, and that on its canvas.
func (j job) onCanvas(im pixels) pixels {
	p := j.plan
	if j.err != nil || !p.Letterboxed() && !j.hasAlpha(im) {
		return im
	}
	im = j.roomFor(im, p.Background)
	if j.hasAlpha(im) {
		im = j.over(im, p.Background)
	}
	if !p.Letterboxed() {
		return im
	}
	if !p.Flattened() && !j.hasAlpha(im) {
		im = j.opaque(im)
	}
	return j.do("embed", on(im), set("x", p.OffsetX), set("y", p.OffsetY), set("width", p.CanvasW), set("height", p.CanvasH),
		set("extend", "background"), set("background", j.ink(im, p.Background)))
}

// roomFor gives grey pictures colour where the background has one.
func (r *run) roomFor(im pixels, c variant.Color) pixels {
	if r.interpretation(im) != interpretationGrey || c.R == c.G && c.G == c.B {
		return im
	}
	return r.do("colourspace", on(im), set("space", "srgb"))
}

// over lays a picture with alpha on a colour. Nothing is left to see through if
// that is opaque; nothing changes if it is transparent.
func (r *run) over(im pixels, c variant.Color) pixels {
	switch {
	case r.err != nil || c.A == 0:
		return im
	case c.A == 255:
		return r.do("flatten", on(im), set("background", r.ink(im, c)[:r.bands(im)-1]))
	}
	under := r.do("linear", on(im), set("a", make([]float64, r.bands(im))), set("b", r.ink(im, c)), set("uchar", true))
	return r.blend(under, im)
}

// blend lays top on under, of the same size.
func (r *run) blend(under, top pixels) pixels {
	space := "srgb"
	if r.interpretation(under) == interpretationGrey {
		space = "b-w"
	}
	mixed := r.do("composite2", input("base", under), input("overlay", top), set("mode", "over"), set("compositing_space", space))
	return r.rounded(mixed, "uchar")
}

// ink is a colour as samples of im.
func (r *run) ink(im pixels, c variant.Color) []float64 {
	var ink []float64
	switch r.bands(im) {
	case 1, 2:
		ink = []float64{float64(c.R)}
	default:
		ink = []float64{float64(c.R), float64(c.G), float64(c.B)}
	}
	if r.hasAlpha(im) {
		ink = append(ink, float64(c.A))
	}
	return ink
}

// opaque gives im an alpha band.
func (r *run) opaque(im pixels) pixels {
	return r.do("bandjoin_const", on(im), set("c", []float64{255}))
}

// colours are the bands of im without alpha, and alpha is that alone.
func (r *run) colours(im pixels) pixels {
	return r.do("extract_band", on(im), set("band", 0), set("n", r.bands(im)-1))
}

func (r *run) alpha(im pixels) pixels {
	return r.do("extract_band", on(im), set("band", r.bands(im)-1))
}

// round makes the corners transparent, or lays them on the background.
func (j job) round(im pixels, radius int) pixels {
	if !j.hasAlpha(im) {
		im = j.opaque(im)
	}
	w, h := j.size(im)
	mask := j.raster(roundMask(w, h, min(radius, w/2, h/2)), w, h, 1)
	alpha := j.do("linear", on(j.do("multiply", input("left", j.alpha(im)), input("right", mask))),
		set("a", 1/255.0), set("b", 0.5), set("uchar", true))
	im = j.do("bandjoin", inputs("in", []pixels{j.colours(im), alpha}))
	if !j.plan.Flattened() {
		return im
	}
	return j.over(j.roomFor(im, j.plan.Background), j.plan.Background)
}

// roundMask is 255 inside of a rectangle with round corners, and in their pixels
// the share that is inside.
func roundMask(w, h, radius int) []byte {
	mask := make([]byte, w*h)
	for i := range mask {
		mask[i] = 255
	}
	for y := range radius {
		for x := range radius {
			dx, dy := float64(radius-x)-0.5, float64(radius-y)-0.5
			inside := min(1, max(0, float64(radius)-math.Hypot(dx, dy)+0.5))
			share := byte(inside*255 + 0.5)
			mask[y*w+x], mask[y*w+w-1-x] = share, share
			mask[(h-1-y)*w+x], mask[(h-1-y)*w+w-1-x] = share, share
		}
	}
	return mask
}
