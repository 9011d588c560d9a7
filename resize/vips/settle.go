package vips

import (
	"fmt"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// settled converts a loaded picture to one of the few kinds that the other steps expect:
// grey, RGB or CMYK, in 8 or 16 bits, with at most one band more, which is alpha.
// Other pictures give ErrNotPicture: guessing their colours would give a wrong picture.
func (r *run) settled(im op.Image, h header.Header) op.Image {
	if r.Err != nil {
		return nil
	}
	switch r.Interpretation(im) {
	case op.InterpretationLab, op.InterpretationLabs, op.InterpretationXYZ:
		im = r.absolute(im)
	default:
		if r.IsFloat(im) {
			im = r.whole(im)
		}
	}
	colours := r.colourBands(im)
	samples := r.Format(im)
	if r.Err == nil && (colours == 0 || r.Bands(im) < colours || h.CMYK != (colours == 4) || samples == "float") {
		r.Err = fmt.Errorf("%w: %d bands of %s, interpretation %d", header.ErrNotPicture, r.Bands(im), samples, r.Interpretation(im))
	}
	if r.Bands(im) <= colours+1 {
		return im
	}
	return r.Do("extract_band", op.On(im), op.Set("band", 0), op.Set("n", colours+1))
}

// absolute brings colours that do not depend on a profile to sRGB. If there is one
// nevertheless, it is not for these.
func (r *run) absolute(im op.Image) op.Image {
	if r.Bands(im) > 3 && !r.IsCoded(im) { // its alpha has no range that all versions agree on
		r.Err = fmt.Errorf("%w: colours independent of a device with alpha", header.ErrNotPicture)
		return nil
	}
	im = r.Do("colourspace", op.On(im), op.Set("space", "srgb"))
	return r.Without(im, "icc-profile-data")
}

// whole brings floats from 0 to 1 to 16 bits. Only JPEG XL has them, and a profile
// that says what they are: libvips would take them for linear, and passes over them
// when it applies a profile.
func (r *run) whole(im op.Image) op.Image {
	im = r.Do("linear", op.On(im), op.Set("a", 65535.0), op.Set("b", 0.5))
	return r.Do("copy", op.On(r.Do("cast", op.On(im), op.Set("format", "ushort"))), op.Set("interpretation", spaceOf(r.Bands(im), true)))
}

// colourBands is how many bands make the colour of im; 0 where that is not known.
func (r *run) colourBands(im op.Image) int {
	switch r.Interpretation(im) {
	case op.InterpretationGrey, op.InterpretationGrey16:
		return 1
	case op.InterpretationSRGB, op.InterpretationRGB16:
		return 3
	case op.InterpretationCMYK:
		return 4
	}
	return 0
}
