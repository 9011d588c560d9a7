package vips

// #include "shim.h"
import "C"

import (
	"fmt"

	"github.com/thumbery/thumbery/resize/header"
)

// settled is what was loaded in one of the few kinds that all else is written for:
// grey, RGB or CMYK, in 8 or 16 bits, with at most one band more, which is alpha.
// What cannot be brought to that is an ErrNotPicture: to guess at its colours would
// give a wrong picture.
func (r *run) settled(im pixels, h header.Header) pixels {
	if r.err != nil {
		return nil
	}
	switch {
	case im.Type == C.VIPS_INTERPRETATION_LAB || im.Type == C.VIPS_INTERPRETATION_LABS || im.Type == C.VIPS_INTERPRETATION_XYZ:
		im = r.absolute(im)
	case im.BandFmt == C.VIPS_FORMAT_FLOAT:
		im = r.whole(im)
	}
	colours := r.colourBands(im)
	samples := r.format(im)
	if r.err == nil && (colours == 0 || r.bands(im) < colours || h.CMYK != (colours == 4) || samples == "float") {
		r.err = fmt.Errorf("%w: %d bands of %s, interpretation %d", header.ErrNotPicture, r.bands(im), samples, r.interpretation(im))
	}
	if r.bands(im) <= colours+1 {
		return im
	}
	return r.do("extract_band", on(im), set("band", 0), set("n", colours+1))
}

// absolute brings colours that do not depend on a profile to sRGB. If one is there
// nevertheless, it is not for these.
func (r *run) absolute(im pixels) pixels {
	if r.bands(im) > 3 && im.Coding == C.VIPS_CODING_NONE { // its alpha has no range that all versions agree on
		r.err = fmt.Errorf("%w: colours independent of a device with alpha", header.ErrNotPicture)
		return nil
	}
	im = r.do("colourspace", on(im), set("space", "srgb"))
	return r.changed(im, C.VIPS_META_ICC_NAME, func(im pixels, name *C.char) { C.vips_image_remove(im, name) })
}

// whole brings floats from 0 to 1 to 16 bits. Only JPEG XL has them, and a profile
// that says what they are: libvips would take them for linear, and passes over them
// when it applies a profile.
func (r *run) whole(im pixels) pixels {
	space := "rgb16"
	if r.interpretation(im) == interpretationGrey {
		space = "grey16"
	}
	im = r.do("linear", on(im), set("a", 65535.0), set("b", 0.5))
	return r.do("copy", on(r.do("cast", on(im), set("format", "ushort"))), set("interpretation", space))
}

// colourBands is how many bands make the colour of im; 0 where that is not known.
func (r *run) colourBands(im pixels) int {
	switch r.interpretation(im) {
	case interpretationGrey, interpretationGrey16:
		return 1
	case interpretationSRGB, interpretationRGB16:
		return 3
	case interpretationCMYK:
		return 4
	}
	return 0
}
