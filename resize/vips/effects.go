package vips

import (
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// effects changes the pixels of a picture in sRGB of 8 bits, in the order that
// resize.Effects documents.
func (r *run) effects(im op.Image, e resize.Effects) op.Image {
	if r.Err != nil || e == (resize.Effects{}) {
		return im
	}
	im = r.mixed(im, e)
	if e.Sharpen > 0 {
		im = r.sharpened(im, e.Sharpen)
	}
	if e.Brightness != 0 || e.Contrast != 0 {
		im = r.lit(im, e.Brightness, e.Contrast)
	}
	if e.Saturation != 0 && !e.Gray {
		im = r.saturated(im, e.Saturation)
	}
	if e.Gray {
		im = r.Do("colourspace", op.On(im), op.Set("space", "b-w"))
	}
	return im
}

// mixed are the effects in which neighbours mix, which they do rightly with
// their colours multiplied by alpha.
func (r *run) mixed(im op.Image, e resize.Effects) op.Image {
	if e.Restore && !r.hasAlpha(im) {
		im = r.restored(im)
	}
	if e.Pixelate == 0 && e.Blur == 0 {
		return im
	}
	im = r.wide(im)
	if e.Pixelate > 1 {
		im = r.pixelated(im, e.Pixelate)
	}
	if e.Blur > 0 {
		im = r.blurred(im, e.Blur)
	}
	return r.narrow(im)
}

// wide is im premultiplied and in 16 bits, narrow is the way back: of faint colours
// enough is left, and libvips' fast convolution in 8 bits, which is up to 4% too
// dark or too light, is left out.
func (r *run) wide(im op.Image) op.Image {
	if r.hasAlpha(im) {
		im = r.Do("premultiply", op.On(im))
	}
	wide := r.Do("linear", op.On(im), op.Set("a", 257.0), op.Set("b", 0.5))
	return r.Do("cast", op.On(wide), op.Set("format", "ushort"))
}

func (r *run) narrow(im op.Image) op.Image {
	if r.hasAlpha(im) {
		im = r.Do("unpremultiply", op.On(im), op.Set("max_alpha", 65535.0))
	}
	return r.Do("linear", op.On(im), op.Set("a", 1/257.0), op.Set("b", 0.5), op.Set("uchar", true))
}

// restoreWeight is the weight of the pixel itself where its eight neighbours
// have -1. From 40 to 64 come nearest to a Lanczos filter; 40 makes a divisor of 32,
// for which libvips has fast instructions. (Those of 8.18 are wrong for 64 and
// more: the picture becomes an eighth lighter.)
const restoreWeight = 40

// restored sharpens mildly, to compensate for the softening by decoders and averaging.
func (r *run) restored(im op.Image) op.Image {
	const n = -1
	kernel := r.Kernel([]float64{n, n, n, n, restoreWeight, n, n, n, n}, 3, 3, restoreWeight-8)
	return r.Do("conv", op.On(im), op.Input("mask", kernel), op.Set("precision", "integer"))
}

// pixelated averages blocks of side x side pixels; those at the right and lower
// edge may be smaller.
func (r *run) pixelated(im op.Image, side int) op.Image {
	w, h := r.Size(im)
	blocksW, blocksH := (w+side-1)/side, (h+side-1)/side
	im = r.Do("embed", op.On(im), op.Set("x", 0), op.Set("y", 0), op.Set("width", blocksW*side), op.Set("height", blocksH*side), op.Set("extend", "copy"))
	im = r.Do("shrink", op.On(im), op.Set("hshrink", side), op.Set("vshrink", side))
	im = r.Do("zoom", op.Input("input", im), op.Set("xfac", side), op.Set("yfac", side))
	return r.cut(im, resize.Rect{Width: w, Height: h})
}

// exactBlur is the sigma up to which a blur is worked out exactly, which takes
// time in proportion to sigma; above, by running averages, which nobody sees.
const exactBlur = 4

// blurEnd is where the bell of a blur is cut off, as part of its height: beyond
// 2.4 sigma.
const blurEnd = 0.05

func (r *run) blurred(im op.Image, sigma float64) op.Image {
	precision := "integer"
	if sigma > exactBlur {
		precision = "approximate"
	}
	return r.Do("gaussblur", op.On(r.InMemory(im)), op.Set("sigma", sigma), op.Set("min_ampl", blurEnd), op.Set("precision", precision))
}

// sharpened fills what is transparent with the colours around it, which would
// else be black, and make its neighbours light.
func (r *run) sharpened(im op.Image, sigma float64) op.Image {
	if !r.hasAlpha(im) {
		return r.sharpenedOpaque(im, sigma)
	}
	im = r.InMemory(im)
	opaque := r.opaque(r.colours(r.narrow(r.blurred(r.wide(im), 2*sigma))))
	filled := r.colours(r.blend(opaque, im))
	return r.Do("bandjoin", op.Inputs("in", []op.Image{r.sharpenedOpaque(filled, sigma), r.alpha(im)}))
}

func (r *run) sharpenedOpaque(im op.Image, sigma float64) op.Image {
	return r.Do("colourspace", op.On(r.Do("sharpen", op.On(im), op.Set("sigma", sigma))), op.Set("space", spaceOf(r.Bands(im), false)))
}

// lit adds brightness, where 100 makes black white and -100 white black, and then
// multiplies the distance from the middle by 0 (-100) to 2 (100).
func (r *run) lit(im op.Image, brightness, contrast int) op.Image {
	gain := 1 + float64(contrast)/100
	offset := gain*(255*float64(brightness)/100-128) + 128 + 0.5 // to round
	return r.onColours(im, func(im op.Image) op.Image {
		return r.Do("linear", op.On(im), op.Set("a", []float64{gain}), op.Set("b", []float64{offset}), op.Set("uchar", true))
	})
}

// saturated multiplies the distance from grey by 0 (-100) to 2 (100), with the
// matrix of CSS saturate() (Filter Effects Module Level 1, 13.1).
func (r *run) saturated(im op.Image, percent int) op.Image {
	if r.Bands(im) < 3 {
		return im
	}
	s := 1 + float64(percent)/100
	m := make([]float64, 0, 9)
	for row := range 3 {
		for column, weight := range [3]float64{0.213, 0.715, 0.072} {
			x := weight * (1 - s)
			if row == column {
				x += s
			}
			m = append(m, x)
		}
	}
	return r.onColours(im, func(im op.Image) op.Image {
		mixed := r.Do("recomb", op.On(im), op.Input("m", r.Kernel(m, 3, 3, 1)))
		return r.Do("cast", op.On(r.Do("round", op.On(mixed), op.Set("round", "rint"))), op.Set("format", "uchar"))
	})
}

// onColours applies f to all bands but alpha.
func (r *run) onColours(im op.Image, f func(op.Image) op.Image) op.Image {
	if !r.hasAlpha(im) {
		return f(im)
	}
	return r.Do("bandjoin", op.Inputs("in", []op.Image{f(r.colours(im)), r.alpha(im)}))
}
