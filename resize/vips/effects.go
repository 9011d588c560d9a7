package vips

import "github.com/thumbery/thumbery/resize"

// effects changes the pixels of a picture in sRGB of 8 bits, in the order that
// resize.Effects documents.
func (r *run) effects(im pixels, e resize.Effects) pixels {
	if r.err != nil || e == (resize.Effects{}) {
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
		im = r.do("colourspace", on(im), set("space", "b-w"))
	}
	return im
}

// mixed are the effects in which neighbours mix, which they do rightly with
// their colours multiplied by alpha.
func (r *run) mixed(im pixels, e resize.Effects) pixels {
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
func (r *run) wide(im pixels) pixels {
	if r.hasAlpha(im) {
		im = r.do("premultiply", on(im))
	}
	wide := r.do("linear", on(im), set("a", 257.0), set("b", 0.5))
	return r.do("cast", on(wide), set("format", "ushort"))
}

func (r *run) narrow(im pixels) pixels {
	if r.hasAlpha(im) {
		im = r.do("unpremultiply", on(im), set("max_alpha", 65535.0))
	}
	return r.do("linear", on(im), set("a", 1/257.0), set("b", 0.5), set("uchar", true))
}

// restoreWeight is the weight of the pixel itself where its eight neighbours
// have -1. From 40 to 64 come nearest to a Lanczos filter; 40 makes a divisor of 32,
// for which libvips has fast instructions. (Those of 8.18 are wrong for 64 and
// more: the picture becomes an eighth lighter.)
const restoreWeight = 40

// restored is a mild sharpening, against what decoders and averaging soften.
func (r *run) restored(im pixels) pixels {
	const n = -1
	kernel := r.kernel([]float64{n, n, n, n, restoreWeight, n, n, n, n}, 3, 3, restoreWeight-8)
	return r.do("conv", on(im), input("mask", kernel), set("precision", "integer"))
}

// pixelated averages blocks of side x side pixels; those at the right and lower
// edge may be smaller.
func (r *run) pixelated(im pixels, side int) pixels {
	w, h := r.size(im)
	blocksW, blocksH := (w+side-1)/side, (h+side-1)/side
	im = r.do("embed", on(im), set("x", 0), set("y", 0), set("width", blocksW*side), set("height", blocksH*side), set("extend", "copy"))
	im = r.do("shrink", on(im), set("hshrink", side), set("vshrink", side))
	im = r.do("zoom", input("input", im), set("xfac", side), set("yfac", side))
	return r.cut(im, resize.Rect{Width: w, Height: h})
}

// exactBlur is the sigma up to which a blur is worked out exactly, which takes
// time in proportion to sigma; above, by running averages, which nobody sees.
const exactBlur = 4

// blurEnd is where the bell of a blur is cut off, as part of its height: beyond
// 2.4 sigma.
const blurEnd = 0.05

func (r *run) blurred(im pixels, sigma float64) pixels {
	precision := "integer"
	if sigma > exactBlur {
		precision = "approximate"
	}
	return r.do("gaussblur", on(r.inMemory(im)), set("sigma", sigma), set("min_ampl", blurEnd), set("precision", precision))
}

// sharpened fills what is transparent with the colours around it, which would
// else be black, and make its neighbours light.
func (r *run) sharpened(im pixels, sigma float64) pixels {
	if !r.hasAlpha(im) {
		return r.sharpenedOpaque(im, sigma)
	}
	im = r.inMemory(im)
	opaque := r.opaque(r.colours(r.narrow(r.blurred(r.wide(im), 2*sigma))))
	filled := r.colours(r.blend(opaque, im))
	return r.do("bandjoin", inputs("in", []pixels{r.sharpenedOpaque(filled, sigma), r.alpha(im)}))
}

func (r *run) sharpenedOpaque(im pixels, sigma float64) pixels {
	space := "srgb"
	if r.interpretation(im) == interpretationGrey {
		space = "b-w"
	}
	return r.do("colourspace", on(r.do("sharpen", on(im), set("sigma", sigma))), set("space", space))
}

// lit adds brightness, where 100 makes black white and -100 white black, and then
// multiplies the distance from the middle by 0 (-100) to 2 (100).
func (r *run) lit(im pixels, brightness, contrast int) pixels {
	gain := 1 + float64(contrast)/100
	offset := gain*(255*float64(brightness)/100-128) + 128 + 0.5 // to round
	return r.onColours(im, func(im pixels) pixels {
		return r.do("linear", on(im), set("a", []float64{gain}), set("b", []float64{offset}), set("uchar", true))
	})
}

// saturated multiplies the distance from grey by 0 (-100) to 2 (100), with the
// matrix of CSS saturate() (Filter Effects Module Level 1, 13.1).
func (r *run) saturated(im pixels, percent int) pixels {
	if r.bands(im) < 3 {
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
	return r.onColours(im, func(im pixels) pixels {
		mixed := r.do("recomb", on(im), input("m", r.kernel(m, 3, 3, 1)))
		return r.do("cast", on(r.do("round", on(mixed), set("round", "rint"))), set("format", "uchar"))
	})
}

// onColours applies f to all bands but alpha.
func (r *run) onColours(im pixels, f func(pixels) pixels) pixels {
	if !r.hasAlpha(im) {
		return f(im)
	}
	return r.do("bandjoin", inputs("in", []pixels{f(r.colours(im)), r.alpha(im)}))
}
