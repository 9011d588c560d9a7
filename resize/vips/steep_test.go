package vips

import (
	"bytes"
	"image/color"
	"image/png"
	"testing"

	"github.com/thumbery/thumbery/resize/resizetest"
)

// One side may shrink a thousand times and the other not at all. makeOf checks
// the size.
func TestSteep(t *testing.T) {
	e := engine(t)
	for _, tt := range []struct {
		w, h int
		ops  string
	}{
		{8000, 3, "5x5,fit_inside"},
		{8000, 3, "2x"},
		{3, 8000, "x2"},
		{8000, 3, "3x1,fit_contain"},
		{2400, 1350, "2x480,fit_fill"},
		{1000, 1000, "640x2,fit_fill"},
		{16000, 2, "1x2,fit_fill"},
	} {
		makeOf(t, e, resizetest.PNG(resizetest.Quarters(tt.w, tt.h)), tt.ops)
		makeOf(t, e, resizetest.JPEG(resizetest.Quarters(tt.w, tt.h)), tt.ops)
	}
}

// The colours are those of the quarters, whatever the steep pass did.
func TestSteepColours(t *testing.T) {
	out, _ := makeOf(t, engine(t), resizetest.PNG(resizetest.Quarters(4000, 40)), "2x40,fit_fill,f_png")
	m, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		x, y int
		want color.NRGBA
	}{
		{0, 2, color.NRGBA{220, 30, 30, 255}},
		{1, 2, color.NRGBA{30, 160, 60, 255}},
		{0, 37, color.NRGBA{40, 60, 200, 255}},
		{1, 37, color.NRGBA{230, 210, 40, 255}},
	} {
		if got := pixel(m, at.x, at.y); off(got, at.want) > 12 {
			t.Errorf("at %d,%d: %v, want about %v", at.x, at.y, got, at.want)
		}
	}
}
