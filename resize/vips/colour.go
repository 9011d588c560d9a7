package vips

import (
	"github.com/thumbery/thumbery/resize"
)

// bare brings samples to 8 bits, where that needs no profile: what is then done
// with them costs half.
func (r *run) bare(im pixels, h resize.Header) pixels {
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
func (r *run) toSRGB(im pixels, h resize.Header) pixels {
	if r.err != nil {
		return nil
	}
	profile := r.profile(im)
	fits := isFor(profile, h)
	ours := r.interpretation(im) == interpretationSRGB || r.interpretation(im) == interpretationGrey
	switch {
	case h.CMYK:
		return r.transform(im, fits, "cmyk")
	case !fits || isSRGB(profile):
		if ours {
			return im
		}
		return r.bare(im, resize.Header{})
	case h.Gray:
		return r.do("colourspace", on(r.transform(im, true, "")), set("space", "b-w"))
	}
	return r.transform(im, true, "srgb")
}

// isFor reports whether a profile is for pictures of the header's kind. libvips
// takes one of grey for the first band of any picture.
func isFor(profile []byte, h resize.Header) bool {
	space := "RGB "
	switch {
	case h.CMYK:
		space = "CMYK"
	case h.Gray:
		space = "GRAY"
	}
	return len(profile) >= 128 && string(profile[16:20]) == space
}

// transform goes from the embedded profile to sRGB; fallback is the name of the
// built-in one that is taken where what is embedded is none, or is not to be used.
func (r *run) transform(im pixels, embedded bool, fallback string) pixels {
	args := []arg{on(im), set("output_profile", "srgb"), set("embedded", embedded), set("depth", 8)}
	if fallback != "" {
		return r.do("icc_transform", append(args, set("input_profile", fallback))...)
	}
	if r.err != nil {
		return nil
	}
	return r.attempt(im, args)
}

// attempt transforms grey, for which there is no built-in profile: one that is
// damaged, or for another kind of picture, is passed over.
func (r *run) attempt(im pixels, args []arg) pixels {
	if out := r.do("icc_transform", args...); r.err == nil {
		return out
	}
	r.err = nil
	return im
}

// premultiplied is im with its colours multiplied by its alpha, in which
// neighbours mix rightly; straight is the way back.
func (r *run) premultiplied(im pixels) pixels {
	return r.whole(r.do("premultiply", on(im)), r.format(im))
}

func (r *run) straight(im pixels) pixels {
	return r.whole(r.do("unpremultiply", on(im)), r.format(im))
}

// whole rounds samples: a cast by itself cuts off, so that pure colours would lose
// a step where they are half transparent.
func (r *run) whole(im pixels, format string) pixels {
	half := []arg{on(im), set("a", 1.0), set("b", 0.5)}
	if format == "uchar" {
		return r.do("linear", append(half, set("uchar", true))...)
	}
	return r.do("cast", on(r.do("linear", half...)), set("format", format))
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
