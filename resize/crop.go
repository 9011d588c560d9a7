package resize

import (
	"math"

	"github.com/thumbery/thumbery/variant"
)

// cropRegion is what the crop leaves of the upright picture, in whole source
// pixels; all of it if there is none.
func cropRegion(h Header, c variant.Crop) (Rect, error) {
	w, height := h.Upright()
	if !c.Set() {
		return Rect{Width: w, Height: height}, nil
	}
	left, width, okX := span(c.X, c.W, w)
	top, high, okY := span(c.Y, c.H, height)
	if !okX || !okY {
		return Rect{}, &variant.Error{
			Kind: variant.ErrOptions, Option: variant.Variant{Crop: c}.String(),
			Reason: "lies outside of the picture, which is " + sides(w, height),
		}
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
