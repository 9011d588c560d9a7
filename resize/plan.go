package resize

import (
	"fmt"

	"github.com/thumbery/thumbery/variant"
)

// Plan says exactly what a Resizer has to do with an upright picture, that is
// after Header.Orientation has been applied:
//
//  1. scale all of it to ScaledW x ScaledH,
//  2. cut out the Cut rectangle, which lies inside that,
//  3. lay the cut at OffsetX, OffsetY on a canvas of CanvasW x CanvasH, which
//     holds all of it; only fit_contain has a canvas larger than the cut,
//  4. encode.
//
// The result is exactly CanvasW x CanvasH. Plans are comparable.
type Plan struct {
	ScaledW, ScaledH int
	Cut              Rect
	CanvasW, CanvasH int
	OffsetX, OffsetY int
	// Background is either opaque (A is 255), and then lies under all of the
	// picture and no alpha remains; or transparent (the zero Color), and then
	// alpha is kept and the canvas is transparent. It is opaque, white unless
	// asked otherwise, wherever the source or the output has no alpha.
	Background variant.Color
	Output     Output
}

// Rect is a rectangle in pixels of the scaled picture.
type Rect struct{ Left, Top, Width, Height int }

// Output is how to encode.
type Output struct {
	Format   variant.Format // an encoding that the engine writes
	Quality  int            // 1..100; without meaning for PNG and GIF
	Lossless bool           // only for WebP and AVIF
}

// Letterboxed reports whether the canvas is larger than what lies on it.
func (p Plan) Letterboxed() bool {
	return p.CanvasW != p.Cut.Width || p.CanvasH != p.Cut.Height
}

// CutsNothing reports whether the cut is all of the scaled picture.
func (p Plan) CutsNothing() bool { return p.Cut == Rect{Width: p.ScaledW, Height: p.ScaledH} }

// Flattened reports whether the result has no alpha.
func (p Plan) Flattened() bool { return p.Background.A == 255 }

// Composed reports whether p is more than scaling and cutting the picture with
// header h: turning it upright, laying it on a canvas or on a background.
func (p Plan) Composed(h Header) bool {
	return h.Orientation > 1 || p.Letterboxed() || h.Alpha && p.Flattened()
}

// Pixels is the size of the result.
func (p Plan) Pixels() int64 { return int64(p.CanvasW) * int64(p.CanvasH) }

// scaledSideMax is the longest side that a scaled picture may have before it is
// cut: VIPS_MAX_COORD. Only strong enlarging of a small crop gets there.
const scaledSideMax = SourceSideMax

// freePixels is how many pixels a result may have whatever the source has. More
// is for sources that have as many: with up_1 and fit_contain whoever knows the
// address of one tiny picture could otherwise have us encode MaxPixels, 100
// megapixels, again and again, up to 15 seconds and 1.6 GB each. 16 Mi is
// 4096x4096, and at most some three seconds, of noise.
const freePixels = 16 << 20

// NewPlan works out how to make v of a picture with header h for a client that
// accepts a. It is a pure function.
//
// The errors are an *UnsupportedError (see Unsupported), a *variant.Error of
// kind variant.ErrOptions for a wish that this picture cannot fulfil, and kind
// ErrTooLarge if the source or the result has more than s.MaxPixels, a side of
// the result more than variant.MaxSide, or the result more than 16 Mi pixels and
// more than the source; and for f_avif, f_gif and lossless, which take longest,
// more than 8 Mi.
//
// A crop is in pixels or percent of the upright source, rounded to whole
// source pixels and clamped to the picture. A focal point is always relative
// to the whole upright source, also with a crop, and comes as near to the
// middle of the result as the picture's edges, or the crop's, allow.
//
// Nothing is enlarged unless v.Enlarge: a box that is larger than the source
// allows is made smaller in its own ratio (cover, outside, fill), or the
// picture keeps its size (inside, and contain, whose canvas keeps the box's).
// Sides are rounded half up and at least 1.
func NewPlan(h Header, v variant.Variant, a variant.Accept, s Settings) (Plan, error) {
	if err := Unsupported(v); err != nil {
		return Plan{}, err
	}
	if err := h.check(); err != nil {
		return Plan{}, err
	}
	if s.exceeds(h.Pixels()) {
		return Plan{}, tooLarge("the picture has %d pixels, the limit is %d", h.Pixels(), s.MaxPixels)
	}
	if w, height := v.Box(); max(w, height) > variant.MaxSide {
		return Plan{}, tooLarge("%s is asked for, sides are limited to %d", sides(w, height), variant.MaxSide)
	}
	region, err := cropRegion(h, v.Crop)
	if err != nil {
		return Plan{}, err
	}
	p := newFit(h, v, region).plan()
	if err := p.check(h, s); err != nil {
		return Plan{}, err
	}
	if p.Output, err = chooseOutput(h, v, a, s, p.Pixels()); err != nil {
		return Plan{}, err
	}
	p.Background = chooseBackground(h, v, p.Output.Format)
	return p, nil
}

func tooLarge(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrTooLarge}, args...)...)
}

func (p Plan) check(h Header, s Settings) error {
	switch {
	case max(p.CanvasW, p.CanvasH) > variant.MaxSide:
		return tooLarge("the result would be %dx%d, sides are limited to %d", p.CanvasW, p.CanvasH, variant.MaxSide)
	case s.exceeds(p.Pixels()):
		return tooLarge("the result would have %d pixels, the limit is %d", p.Pixels(), s.MaxPixels)
	case p.Pixels() > max(freePixels, h.Pixels()):
		return tooLarge("the result would have %d pixels of a picture of %d, the limit is %d", p.Pixels(), h.Pixels(), freePixels)
	case max(p.ScaledW, p.ScaledH) > scaledSideMax:
		return tooLarge("the crop would be enlarged as part of a picture of %dx%d", p.ScaledW, p.ScaledH)
	}
	return nil
}

// chooseBackground follows the contract of Plan.Background.
func chooseBackground(h Header, v variant.Variant, f variant.Format) variant.Color {
	switch {
	case v.Background.Set:
		return v.Background
	case h.Alpha && f != variant.JPEG:
		return variant.Color{}
	}
	return variant.Color{R: 255, G: 255, B: 255, A: 255, Set: true}
}
