package resize

import (
	"math"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Region is what v's crop leaves of the upright picture, in whole source pixels;
// all of it without a crop. The error is a *variant.Error of kind
// variant.ErrOptions where that lies outside.
func Region(h header.Header, v variant.Variant) (Rect, error) {
	w, height := h.Upright()
	c := v.Crop
	if !c.Set() {
		return Rect{Width: w, Height: height}, nil
	}
	left, width, okX := span(c.X, c.W, w)
	top, high, okY := span(c.Y, c.H, height)
	if !okX || !okY {
		return Rect{}, refused(variant.Variant{Crop: c}.String(), "lies outside of the picture, which is "+sides(w, height))
	}
	return Rect{Left: left, Top: top, Width: width, Height: high}, nil
}

// span cuts one axis. Both ends are rounded, not the length, so that crops in
// percent that meet do not overlap.
func span(start, length variant.Length, side int) (from, n int, ok bool) {
	a := pixels(start, side)
	b := min(a+pixels(length, side), float64(side))
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
