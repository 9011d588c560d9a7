package resize

import (
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// NeedsLook reports whether v asks for what only a look at the pixels can tell:
// where a plain border ends, or where the eye goes. Resizer.Look then says it.
func NeedsLook(v variant.Variant) bool {
	return v.Trim != 0 || v.Gravity == variant.GravitySmart
}

// ResolveLook puts what was found in a picture with header h into v in place of what
// was asked: inner is what remains of it without its border, in pixels of the
// upright source (the zero Rect where all of it would go, or nothing), and x, y,
// from 0 to 1, is where the eye goes in the whole of it. inner lies in v's
// Region. NewPlan takes the result for a crop and a focal point.
func ResolveLook(h header.Header, v variant.Variant, inner Rect, x, y float64) variant.Variant {
	w, height := h.Upright()
	if v.Trim != 0 && inner != (Rect{}) && inner != (Rect{Width: w, Height: height}) {
		v.Crop = variant.Crop{
			X: pixel(inner.Left), Y: pixel(inner.Top), W: pixel(inner.Width), H: pixel(inner.Height),
		}
	}
	v.Trim = 0
	if v.Gravity == variant.GravitySmart {
		v.Gravity, v.FocalX, v.FocalY = variant.GravityFocal, x, y
	}
	return v
}

func pixel(n int) variant.Length { return variant.Length{Value: float64(n)} }
