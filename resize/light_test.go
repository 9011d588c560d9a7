package resize_test

import (
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// TestLinear: what is small and was larger is reduced in linear light, where that is on.
func TestLinear(t *testing.T) {
	t.Parallel()
	for ops, want := range map[string]bool{
		"640x": true, "641x": false, "640x640": true, "x641": false, "300x200": true, "320x,dpr_2": true, "320x,dpr_3": false,
		"100x,crop_0_0_50p_50p": true, "crop_0_0_640_640": false, "2000x500,fit_inside": false, "640x480,fit_contain": true,
	} {
		for _, linear := range []bool{false, true} {
			s := resize.Settings{Linear: linear, Restore: true, CanWrite: all}
			p, err := resize.NewPlan(photo(1600, 1200), parse(t, ops), 0, s)
			if err != nil || p.Linear != (want && linear) {
				t.Errorf("%q, on %t: %t, %v", ops, linear, p.Linear, err)
			}
		}
	}
	drawing := photo(1600, 1200)
	drawing.Format = variant.SVG
	if p, err := resize.NewPlan(drawing, parse(t, "100x"), 0, resize.Settings{Linear: true}); err != nil || p.Linear {
		t.Errorf("a drawing: %+v, %v", p, err)
	}
}
