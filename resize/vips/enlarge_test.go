package vips

import (
	"errors"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// TestEnlargedCrops: a small part of a picture that is enlarged as far as the limits
// allow, which takes numbers of a million and more.
func TestEnlargedCrops(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	ink := color.NRGBA{200, 10, 20, 255}
	for _, c := range sample.Every(3, []struct {
		w, h int
		ops  string
		want error
	}{
		{2000, 1500, "1000x1000,crop_0_0_1_1,up_1,f_png", nil},
		{2000, 1500, "1000x,crop_1999_1499_1_1,up_1,f_png", nil},
		{1023, 3, "2664x8,crop_0_0_1_1,up_1,f_png", nil},
		{3, 1023, "8x2664,crop_0_0_1_1,up_1,f_png,rot_90", nil},
		{1000, 1, "1000x1,crop_999_0_1_1,up_1,fit_fill,f_png", nil},
		{5000, 3, "4000x,up_1,crop_0_0_1_1,f_png", header.ErrTooLarge},
	}) {
		out, err := make1(e, resizetest.PNG(painted(c.w, c.h, ink)), c.ops)
		if !errors.Is(err, c.want) {
			t.Errorf("%s of %dx%d: %v, want %v", c.ops, c.w, c.h, err, c.want)
		}
		if err != nil {
			continue
		}
		m := decoded(t, e, out)
		for _, at := range [][2]int{{0, 0}, {m.Rect.Dx() - 1, m.Rect.Dy() - 1}} {
			if got := m.NRGBAAt(at[0], at[1]); off(got, ink) > 1 {
				t.Errorf("%s of %dx%d at %v: %v", c.ops, c.w, c.h, at, got)
			}
		}
	}
}
