package vips

import (
	"math"

	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// compose carries out the steps after scaling and cutting a frame.
func (j job) compose(im op.Image) op.Image {
	im = j.effects(im, j.plan.Effects)
	im = j.onCanvas(im)
	if j.plan.Rotate != 0 || j.plan.Flip != variant.FlipNone {
		im = j.mirror(j.turn(j.InMemory(im), j.plan.Rotate), j.plan.Flip)
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
func (j job) onCanvas(im op.Image) op.Image {
	p := j.plan
	if j.Err != nil || !p.Letterboxed() && !j.hasAlpha(im) {
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
	return j.Do("embed", op.On(im), op.Set("x", p.OffsetX), op.Set("y", p.OffsetY), op.Set("width", p.CanvasW), op.Set("height", p.CanvasH),
		op.Set("extend", "background"), op.Set("background", j.ink(im, p.Background)))
}

// roomFor gives grey pictures colour where the background has one.
func (r *run) roomFor(im op.Image, c variant.Color) op.Image {
	if r.Interpretation(im) != op.InterpretationGrey || c.R == c.G && c.G == c.B {
		return im
	}
	return r.Do("colourspace", op.On(im), op.Set("space", "srgb"))
}

// over lays a picture with alpha on a colour. Nothing is left to see through if
// that is opaque; nothing changes if it is transparent.
func (r *run) over(im op.Image, c variant.Color) op.Image {
	switch {
	case r.Err != nil || c.A == 0:
		return im
	case c.A == 255:
		return r.Do("flatten", op.On(im), op.Set("background", r.ink(im, c)[:r.Bands(im)-1]))
	}
	under := r.Do("linear", op.On(im), op.Set("a", make([]float64, r.Bands(im))), op.Set("b", r.ink(im, c)), op.Set("uchar", true))
	return r.blend(under, im)
}

// blend lays top on under, of the same size.
func (r *run) blend(under, top op.Image) op.Image {
	mixed := r.Do("composite2", op.Input("base", under), op.Input("overlay", top), op.Set("mode", "over"),
		op.Set("compositing_space", spaceOf(r.Bands(under), false)))
	return r.rounded(mixed, "uchar")
}

// ink is a colour as samples of im.
func (r *run) ink(im op.Image, c variant.Color) []float64 {
	ink := []float64{float64(c.R), float64(c.G), float64(c.B)}[:r.colourBands(im)]
	if r.hasAlpha(im) {
		ink = append(ink, float64(c.A))
	}
	return ink
}

// opaque gives im an alpha band.
func (r *run) opaque(im op.Image) op.Image {
	return r.Do("bandjoin_const", op.On(im), op.Set("c", []float64{255}))
}

// colours are the bands of im without alpha, and alpha is that alone.
func (r *run) colours(im op.Image) op.Image {
	return r.Do("extract_band", op.On(im), op.Set("band", 0), op.Set("n", r.Bands(im)-1))
}

func (r *run) alpha(im op.Image) op.Image {
	return r.Do("extract_band", op.On(im), op.Set("band", r.Bands(im)-1))
}

// round makes the corners transparent, or lays them on the background.
func (j job) round(im op.Image, radius int) op.Image {
	if !j.hasAlpha(im) {
		im = j.opaque(im)
	}
	w, h := j.Size(im)
	mask := j.Raster(roundMask(w, h, min(radius, w/2, h/2)), w, h, 1)
	alpha := j.Do("linear", op.On(j.Do("multiply", op.Input("left", j.alpha(im)), op.Input("right", mask))),
		op.Set("a", 1/255.0), op.Set("b", 0.5), op.Set("uchar", true))
	im = j.Do("bandjoin", op.Inputs("in", []op.Image{j.colours(im), alpha}))
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
