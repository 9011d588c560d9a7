package vips

import (
	"errors"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
)

// bare brings samples to 8 bits, where that needs no profile: what is then done
// with them costs half.
func (r *run) bare(im pixels, h header.Header) pixels {
	if r.err != nil || h.ICC || h.CMYK {
		return im
	}
	switch r.interpretation(im) {
	case interpretationSRGB, interpretationGrey:
		return im
	case interpretationGrey16:
		return r.do("colourspace", on(im), set("space", "b-w"))
	}
	return r.do("colourspace", on(im), set("space", "srgb"))
}

// toSRGB brings colours to sRGB, or grey, of 8 bits. It is done to the scaled
// picture, which has fewer pixels.
func (r *run) toSRGB(im pixels, h header.Header) pixels {
	if r.err != nil {
		return nil
	}
	if profile := r.profile(im); isFor(profile, h) && !icc.IsSRGB(profile) {
		if out, ok := r.transformed(im); ok {
			return r.grey(out, h.Gray)
		}
	}
	switch r.interpretation(im) {
	case interpretationCMYK:
		return r.icc(im, set("input_profile", "cmyk"))
	case interpretationSRGB, interpretationGrey:
		return im
	}
	return r.bare(im, header.Header{})
}

// grey is im as grey, if it is.
func (r *run) grey(im pixels, is bool) pixels {
	if !is {
		return im
	}
	return r.do("colourspace", on(im), set("space", "b-w"))
}

// isFor reports whether a profile is for pictures of the header's kind. libvips
// takes one of grey for the first band of any picture.
func isFor(profile []byte, h header.Header) bool {
	space := "RGB "
	switch {
	case h.CMYK:
		space = "CMYK"
	case h.Gray:
		space = "GRAY"
	}
	return icc.Space(profile) == space
}

// transformed goes from the embedded profile to sRGB; ok is false where that is so
// damaged that it cannot be used.
func (r *run) transformed(im pixels) (out pixels, ok bool) {
	if r.err != nil {
		return nil, false
	}
	out = r.icc(im, set("embedded", true))
	if r.err == nil || errors.Is(r.err, resize.ErrNoMemory) {
		return out, true
	}
	r.err = nil
	return nil, false
}

// icc goes to sRGB of 8 bits. Of 16 bits, libvips cuts alpha off at 255.
func (r *run) icc(im pixels, profile arg) pixels {
	transform := func(im pixels) pixels {
		return r.do("icc_transform", on(im), set("output_profile", "srgb"), profile, set("depth", 8))
	}
	if r.format(im) != "ushort" || !r.hasAlpha(im) {
		return transform(im)
	}
	alpha := r.do("linear", on(r.alpha(im)), set("a", 1/257.0), set("b", 0.5), set("uchar", true))
	return r.do("bandjoin", inputs("in", []pixels{transform(r.colours(im)), alpha}))
}

// premultiplied is im with its colours multiplied by its alpha, in which
// neighbours mix rightly; straight is the way back. On the way there, where all
// pixels of the source go, samples are cut off, which is cheap; on the way back
// they are rounded, so that pure colours lose no step where they are half
// transparent.
func (r *run) premultiplied(im pixels) pixels {
	return r.do("cast", on(r.do("premultiply", on(im))), set("format", r.format(im)))
}

func (r *run) straight(im pixels) pixels {
	return r.rounded(r.do("unpremultiply", on(im)), r.format(im))
}

// rounded brings samples to a format, to the nearest: a cast by itself cuts off.
func (r *run) rounded(im pixels, format string) pixels {
	return r.do("cast", on(r.do("linear", on(im), set("a", 1.0), set("b", 0.5))), set("format", format))
}

// hasAlpha reports whether there is a band more than colours.
func (r *run) hasAlpha(im pixels) bool {
	switch r.bands(im) {
	case 2:
		return true
	case 4:
		return r.interpretation(im) != interpretationCMYK
	}
	return r.bands(im) > 4
}
