package vips

import (
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// applied applies to a loaded picture what its header says and its loader passes over: the
// part that is shown, the range and number of bands of grey, colours multiplied by alpha,
// and what the colours are, by a profile. The error is of kind ErrNotPicture if they need
// tone mapping, or are not for displays.
func (r *run) applied(im op.Image, h header.Header) op.Image {
	if h.Whole != (header.Whole{}) {
		im = r.cut(im, resize.Rect{Left: h.Whole.Left, Top: h.Whole.Top, Width: h.Width, Height: h.Height})
	}
	if h.Limited {
		im = r.unlimited(im)
	}
	if h.Gray && r.colourBands(im) == 3 && !isFor(r.Profile(im), 3) { // its loader makes three bands of one
		im = r.oneBand(im)
	}
	profile, ok := declaredProfile(h)
	switch {
	case !ok && r.Err == nil:
		r.Err = fmt.Errorf("%w: colours of primaries %d and transfer %d", header.ErrNotPicture, h.CICP.Primaries, h.CICP.Transfer)
	case profile != nil:
		im = r.WithProfile(im, profile)
	}
	if h.Premultiplied {
		im = r.straight(im)
	}
	return im
}

// declaredProfile is a profile for what the header of a picture without one says of its
// colours; nil if they are sRGB.
func declaredProfile(h header.Header) (profile []byte, ok bool) {
	if h.ICC {
		return nil, true
	}
	return icc.FromCICP(h.CICP.Primaries, h.CICP.Transfer, h.Gray)
}

// unlimited is im with the values of video, as no libheif makes them of grey: 16 becomes
// black and 235 white.
func (r *run) unlimited(im op.Image) op.Image {
	unit := 1.0 // a step of 8 bits
	if r.Format(im) == "ushort" {
		unit = 256
	}
	const gain = 255 / 219.0
	gains, offsets := make([]float64, r.Bands(im)), make([]float64, r.Bands(im))
	for i := range gains {
		gains[i], offsets[i] = gain, 0.5-16*unit*gain
	}
	if last := len(gains) - 1; r.hasAlpha(im) {
		gains[last], offsets[last] = 1, 0
	}
	return r.Do("cast", op.On(r.Do("linear", op.On(im), op.Set("a", gains), op.Set("b", offsets))), op.Set("format", r.Format(im)))
}

// oneBand is the grey of which im has three bands, with its alpha.
func (r *run) oneBand(im op.Image) op.Image {
	bands := []op.Image{r.Do("extract_band", op.On(im), op.Set("band", 0))}
	if r.hasAlpha(im) {
		bands = append(bands, r.alpha(im))
	}
	return r.Do("copy", op.On(r.Do("bandjoin", op.Inputs("in", bands))), op.Set("interpretation", spaceOf(1, r.Format(im) == "ushort")))
}
