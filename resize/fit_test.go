package resize_test

import (
	"math"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// FuzzPlan holds every plan to what NewPlan and Plan promise.
func FuzzPlan(f *testing.F) {
	f.Add(800, 600, 300, 200, uint8(1), uint8(0), 1.0, false, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, uint8(0))
	f.Add(3, 8000, 100, 100, uint8(2), uint8(10), 2.0, true, 1.0, 0.0, 10.0, 5.0, 50.0, 50.0, uint8(5))
	f.Add(10_000_000, 1, 16383, 16383, uint8(5), uint8(3), 0.1, true, 0.2, 0.9, 1.0, 0.0, 1.0, 1.0, uint8(16))
	f.Add(1, 1, 1, 0, uint8(3), uint8(8), 8.0, false, 0.0, 1.0, 0.0, 0.0, 100.0, 0.01, uint8(3))
	f.Fuzz(func(t *testing.T, w, h, boxW, boxH int, fit, gravity uint8, dpr float64, up bool, fx, fy, cx, cy, cw, ch float64, flags uint8) {
		v := variant.Variant{
			Width: bound(boxW, 0, variant.MaxSide), Height: bound(boxH, 0, variant.MaxSide),
			DPR: boundF(dpr, 0.1, 8), Enlarge: up, Fit: variant.Fit(fit % 6), Gravity: variant.Gravity(gravity % 11),
			FocalX: boundF(fx, 0, 1), FocalY: boundF(fy, 0, 1),
		}
		length := func(x float64, bit uint8) variant.Length {
			if flags&bit != 0 {
				return variant.Length{Value: math.Round(boundF(x, 0, 100)*100) / 100, Percent: true}
			}
			return variant.Length{Value: math.Floor(boundF(x, 0, 1e6))}
		}
		v.Crop = variant.Crop{X: length(cx, 1), Y: length(cy, 2), W: length(cw, 4), H: length(ch, 8)}
		head := photo(bound(w, 1, header.SourceSideMax), bound(h, 1, header.SourceSideMax))
		head.Orientation = 1 + int(flags>>4&7)
		p, err := resize.NewPlan(head, v, 0, resize.Settings{})
		if err != nil {
			return
		}
		checkPlan(t, head, v, p)
	})
}

// TestDrawnPlans: sizes that are no whole pixels keep their ratio, and what a plan promises,
// up to the longest sides.
func TestDrawnPlans(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]float64{{8.5, 11}, {0.5, 0.5}, {1.3333, 1}, {1, 75_000.4}, {9_999_999.6, 0.6}, {10_000_000, 10_000_000}} {
		head := header.Header{
			Format: variant.SVG, Width: max(1, int(size[0]+0.5)), Height: max(1, int(size[1]+0.5)), Orientation: 1, Pages: 1,
			ExactWidth: size[0], ExactHeight: size[1],
		}
		for _, ops := range []string{
			"500x", "x500", "500x500", "16383x1,fit_contain", "300x200,fit_inside", "1x16383,fit_outside", "33x44,fit_fill", "dpr_1",
			"500x,crop_0_0_1_1", "50x50,crop_50p_50p_50p_50p,fp_0.1_0.9", "x50,crop_25p_0_25p_100p,dpr_8",
		} {
			v, err := variant.Parse(ops)
			if err != nil {
				t.Fatal(err)
			}
			v.Enlarge = true
			p, err := resize.NewPlan(head, v, 0, resize.Settings{})
			if err != nil {
				continue
			}
			checkPlan(t, head, v, p)
			if boxW, boxH := v.Box(); !v.Crop.Set() && (boxW == 0) != (boxH == 0) && max(size[0], size[1]) < 100 {
				got, want := float64(p.CanvasW)/float64(p.CanvasH), size[0]/size[1]
				if math.Abs(got/want-1) > 0.5/float64(min(p.CanvasW, p.CanvasH)) {
					t.Errorf("%s of %v is %dx%d", ops, size, p.CanvasW, p.CanvasH)
				}
			}
		}
	}
}

func bound(x, low, high int) int {
	if x < low || x > high {
		x = low + int(uint(x)%uint(high-low+1))
	}
	return x
}

func boundF(x, low, high float64) float64 {
	if !(x >= low && x <= high) {
		return low
	}
	return x
}

func checkPlan(t *testing.T, h header.Header, v variant.Variant, p resize.Plan) {
	t.Helper()
	w, height := h.Upright()
	boxW, boxH := v.Box()
	within := func(what string, start, length, whole int) {
		if start < 0 || length < 1 || start+length > whole {
			t.Errorf("%s: %d and %d long in %d", what, start, length, whole)
		}
	}
	within("cut, across", p.Cut.Left, p.Cut.Width, p.ScaledW)
	within("cut, down", p.Cut.Top, p.Cut.Height, p.ScaledH)
	within("canvas, across", p.OffsetX, p.Cut.Width, p.CanvasW)
	within("canvas, down", p.OffsetY, p.Cut.Height, p.CanvasH)
	if max(p.CanvasW, p.CanvasH) > variant.MaxSide {
		t.Errorf("the result is %dx%d", p.CanvasW, p.CanvasH)
	}
	if !v.Enlarge && (p.ScaledW > w || p.ScaledH > height) {
		t.Errorf("enlarged from %dx%d to %dx%d", w, height, p.ScaledW, p.ScaledH)
	}
	if boxW == 0 || boxH == 0 {
		return
	}
	checkBox(t, v, p, boxW, boxH)
	if v.Fit != variant.FitFill && !v.Crop.Set() {
		exactW, exactH := h.Exact()
		if h.Orientation >= 5 {
			exactW, exactH = exactH, exactW
		}
		checkRatio(t, "the picture's ratio", p.ScaledW, p.ScaledH, exactW, exactH)
	}
	if v.Gravity == variant.GravityFocal && !v.Crop.Set() {
		checkFocal(t, v.FocalX, p.Cut.Left, p.Cut.Width, p.ScaledW)
		checkFocal(t, v.FocalY, p.Cut.Top, p.Cut.Height, p.ScaledH)
	}
}

// checkBox holds the result to the box.
func checkBox(t *testing.T, v variant.Variant, p resize.Plan, boxW, boxH int) {
	t.Helper()
	switch v.Fit {
	case variant.FitContain:
		if p.CanvasW != boxW || p.CanvasH != boxH {
			t.Errorf("contain gives %dx%d, not %dx%d", p.CanvasW, p.CanvasH, boxW, boxH)
		}
	case variant.FitOutside:
		if v.Enlarge && (p.CanvasW < boxW || p.CanvasH < boxH) {
			t.Errorf("outside gives %dx%d, less than %dx%d", p.CanvasW, p.CanvasH, boxW, boxH)
		}
		return
	case variant.FitNone, variant.FitCover, variant.FitFill:
		if v.Enlarge && (p.CanvasW != boxW || p.CanvasH != boxH) {
			t.Errorf("%dx%d instead of %dx%d", p.CanvasW, p.CanvasH, boxW, boxH)
		}
		checkRatio(t, "the box's ratio", p.CanvasW, p.CanvasH, float64(boxW), float64(boxH))
	}
	if p.CanvasW > boxW || p.CanvasH > boxH {
		t.Errorf("%dx%d in a box of %dx%d", p.CanvasW, p.CanvasH, boxW, boxH)
	}
}

// checkRatio: one of the sides, scaled in the ratio of the other, is right to a
// pixel, or is the 1 that is the least.
func checkRatio(t *testing.T, what string, w, h int, wantW, wantH float64) {
	t.Helper()
	offW := math.Abs(float64(w) - float64(h)*wantW/wantH)
	offH := math.Abs(float64(h) - float64(w)*wantH/wantW)
	if min(offW, offH) > 1 && min(w, h) > 1 {
		t.Errorf("%s: %dx%d for %gx%g", what, w, h, wantW, wantH)
	}
}

// checkFocal: the point is in the cut, and nothing nearer to its middle was
// possible.
func checkFocal(t *testing.T, focal float64, start, length, whole int) {
	t.Helper()
	point := focal * float64(whole)
	if point < float64(start)-0.5 || point > float64(start+length)+0.5 {
		t.Errorf("the focal point %v is outside of %d and %d", point, start, start+length)
	}
	off := point - (float64(start) + float64(length)/2)
	if off > 0.5 && start+length < whole || off < -0.5 && start > 0 {
		t.Errorf("the focal point is %v off the middle of %d and %d in %d", off, start, start+length, whole)
	}
}
