package vips

import (
	"errors"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// bare brings samples to 8 bits, where that needs no profile: what is then done
// with them costs half.
func (r *run) bare(im op.Image, h header.Header) op.Image {
	profiled := h.ICC && r.Profile(im) != nil
	if declared, _ := declaredProfile(h); r.Err != nil || h.CMYK || profiled || declared != nil {
		return im
	}
	if space := r.Interpretation(im); space == op.InterpretationSRGB || space == op.InterpretationGrey {
		return im
	}
	return r.Do("colourspace", op.On(im), op.Set("space", spaceOf(r.Bands(im), false)))
}

// toSRGB brings colours to sRGB, or grey, of 8 bits. It is done to the scaled
// picture, which has fewer pixels.
func (r *run) toSRGB(im op.Image, h header.Header) op.Image {
	if profile := r.Profile(im); isFor(profile, r.colourBands(im)) && !icc.IsSRGB(profile) {
		if out, ok := r.transformed(im, icc.Intent(profile)); ok && h.Gray {
			return r.Do("colourspace", op.On(out), op.Set("space", "b-w"))
		} else if ok {
			return out
		}
	}
	if r.Interpretation(im) == op.InterpretationCMYK {
		return r.icc(im, "relative", op.Set("input_profile", "cmyk"))
	}
	return r.bare(im, header.Header{})
}

// isFor reports whether a profile is for pictures of so many bands of colour. libvips
// takes one of grey for the first band of any picture.
func isFor(profile []byte, bands int) bool {
	space := map[int]string{1: "GRAY", 3: "RGB ", 4: "CMYK"}[bands]
	return space != "" && icc.Space(profile) == space
}

// transformed goes from the embedded profile to sRGB; ok is false where that is so
// damaged that it cannot be used.
func (r *run) transformed(im op.Image, intent string) (out op.Image, ok bool) {
	out = r.icc(im, intent, op.Set("embedded", true))
	if r.Err == nil || errors.Is(r.Err, resize.ErrNoMemory) {
		return out, true
	}
	r.Err = nil
	return nil, false
}

// icc goes to sRGB of 8 bits. Of 16 bits, libvips cuts alpha off at 255.
func (r *run) icc(im op.Image, intent string, profile op.Arg) op.Image {
	transform := func(im op.Image) op.Image {
		return r.Do("icc_transform", op.On(im), op.Set("output_profile", "srgb"), op.Set("intent", intent), profile, op.Set("depth", 8))
	}
	if r.Format(im) != "ushort" || !r.hasAlpha(im) {
		return transform(im)
	}
	alpha := r.Do("linear", op.On(r.alpha(im)), op.Set("a", 1/257.0), op.Set("b", 0.5), op.Set("uchar", true))
	return r.Do("bandjoin", op.Inputs("in", []op.Image{transform(r.colours(im)), alpha}))
}

// premultiplied is im with its colours multiplied by its alpha, in which
// neighbours mix rightly; straight is the way back. On the way there, where all
// pixels of the source go, samples are cut off, which is cheap; on the way back
// they are rounded, so that pure colours lose no step where they are half
// transparent.
func (r *run) premultiplied(im op.Image) op.Image {
	return r.Do("cast", op.On(r.Do("premultiply", op.On(im))), op.Set("format", r.Format(im)))
}

func (r *run) straight(im op.Image) op.Image {
	return r.rounded(r.Do("unpremultiply", op.On(im)), r.Format(im))
}

// rounded brings samples to a format, to the nearest: a cast by itself cuts off.
func (r *run) rounded(im op.Image, format string) op.Image {
	return r.Do("cast", op.On(r.Do("linear", op.On(im), op.Set("a", 1.0), op.Set("b", 0.5))), op.Set("format", format))
}

// hasAlpha reports whether there is a band more than colours.
func (r *run) hasAlpha(im op.Image) bool {
	switch r.Bands(im) {
	case 2:
		return true
	case 4:
		return r.Interpretation(im) != op.InterpretationCMYK
	}
	return r.Bands(im) > 4
}
