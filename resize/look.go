package resize

import (
	"math"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// NeedsLook reports whether v depends on the pixels: on where a plain border ends (trim)
// or on what attracts the eye (g_smart). Resizer.Look then resolves it.
func NeedsLook(v variant.Variant) bool {
	return v.Trim != 0 || v.Gravity == variant.GravitySmart
}

// ResolveLook replaces trim and g_smart in v by what was found in a picture with header
// h: by a crop to inner, the picture without its border, in pixels of the upright source,
// which lies in v's Region; and by a focal point at x, y, from 0 to 1 of the whole
// picture. The zero Rect means that there is no border, or nothing else.
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

// Region is what v's crop leaves of the upright picture, in whole source pixels;
// all of it without a crop. The error is a *variant.Error of kind
// variant.ErrOptions where that lies outside.
func Region(h header.Header, v variant.Variant) (Rect, error) { return region(h, v, &Notes{}) }

func region(h header.Header, v variant.Variant, n *Notes) (Rect, error) {
	w, height := h.Upright()
	c := v.Crop
	if !c.Set() {
		return Rect{Width: w, Height: height}, nil
	}
	left, width, okX := span(c.X, c.W, w, n)
	top, high, okY := span(c.Y, c.H, height, n)
	if !okX || !okY {
		return Rect{}, refused(variant.Variant{Crop: c}.String(), "lies outside of the picture, which is "+sides(w, height))
	}
	return Rect{Left: left, Top: top, Width: width, Height: high}, nil
}

// span cuts one axis. Both ends are rounded, not the length, so that crops in
// percent that meet do not overlap.
func span(start, length variant.Length, side int, notes *Notes) (from, n int, ok bool) {
	a := pixels(start, side)
	b := min(a+pixels(length, side), float64(side))
	notes.CropClamped = notes.CropClamped || a+pixels(length, side) > float64(side)
	if !(a >= 0 && a < float64(side) && b > a) { // also false for NaN
		return 0, 0, false
	}
	from = min(int(math.Floor(a+0.5)), side-1)
	return from, max(1, int(math.Floor(b+0.5))-from), true
}

func pixels(l variant.Length, side int) float64 {
	if l.Percent {
		return l.Value * float64(side) / 100
	}
	return l.Value
}
