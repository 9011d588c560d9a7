package vips

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// quarters are what testdata/odd/alpha-*.avif and its like show, with what alpha.
var quarters = []color.NRGBA{{220, 30, 30, 255}, {30, 200, 30, 192}, {30, 30, 220, 128}, {240, 240, 240, 64}}

// TestHEIFAlpha: alpha is turned and cut with the colours, whatever libheif does, and
// colours are not multiplied by it in the end.
func TestHEIFAlpha(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	grey := []color.NRGBA{{87, 87, 87, 255}, {129, 129, 129, 192}, {51, 51, 51, 128}, {240, 240, 240, 64}}
	for name, want := range map[string][]color.NRGBA{
		"alpha-5.avif": quarters, "alpha-cut.avif": quarters, "alpha-premultiplied.avif": quarters,
		"alpha-shared.heic": quarters, "gray-video.avif": grey,
	} {
		src := testdata(t, "odd/"+name)
		for ops, w := range map[string]int{"f_png": 96, "48x,f_png": 48, "96x,crop_0_0_96_64,f_png": 96} {
			m := view(t, e, src, ops)
			if m.Rect != image.Rect(0, 0, w, w*2/3) {
				t.Errorf("%s, %s: %v", name, ops, m.Rect)
				continue
			}
			checkQuarters(t, name+", "+ops, m, want)
		}
	}
}

func checkQuarters(t *testing.T, what string, m *image.NRGBA, want []color.NRGBA) {
	t.Helper()
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for i, c := range want {
		left, top := i%2*w/2, i/2*h/2
		for _, p := range []image.Point{{2, 2}, {w/2 - 3, h/2 - 3}, {2, h/2 - 3}} { // not at the edges, which a reduction mixes
			if got := m.NRGBAAt(left+p.X, top+p.Y); off(got, c) > 6 {
				t.Errorf("%s: quarter %d at %v is %v, want %v", what, i, p, got, c)
			}
		}
	}
}

// TestHEIFShared: plans that share a decoding see the same picture.
func TestHEIFShared(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/alpha-cut.avif")
	var plans []resize.Plan
	var h header.Header
	for _, ops := range []string{"f_png", "48x,f_png"} {
		var p resize.Plan
		h, p = plan(t, e, src, ops)
		plans = append(plans, p)
	}
	err := e.ResizeAll(t.Context(), resize.InMemory(src), h, plans, func(i int, data []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		checkQuarters(t, sprint("plan %d", i), decoded(t, e, data), quarters)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestHEIFColours: what an AVIF says of its colours by numbers is done, or it is refused.
func TestHEIFColours(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for name, tolerance := range map[string]int{"p3-nclx.avif": 3, "p3-coded.avif": 3, "bt2020-linear.avif": 12} {
		for _, ops := range []string{"f_png", "48x,f_png"} {
			m := view(t, e, testdata(t, "odd/"+name), ops)
			w, h := m.Rect.Dx(), m.Rect.Dy()
			for row, want := range []color.NRGBA{red, {0, 255, 0, 255}, {0, 0, 255, 255}} {
				for _, x := range []int{w / 4, w * 3 / 4} {
					if got := m.NRGBAAt(x, row*h/3+h/6); off(got, want) > tolerance {
						t.Errorf("%s, %s: row %d at %d is %v, want %v", name, ops, row, x, got, want)
					}
				}
			}
		}
	}
	for _, name := range []string{"pq.avif", "hlg.avif"} {
		src := testdata(t, "odd/"+name)
		h, p := plan(t, e, src, "48x,f_png")
		if _, err := e.Resize(t.Context(), resize.InMemory(src), h, p); !errors.Is(err, header.ErrNotPicture) {
			t.Errorf("%s: %v, want ErrNotPicture", name, err)
		}
	}
}

// TestHEIFDeepAlpha: alpha of 10 bits keeps its levels where colours go through a profile.
func TestHEIFDeepAlpha(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	m := view(t, e, testdata(t, "odd/alpha-10bit.avif"), "f_png")
	for x := range 96 {
		want := color.NRGBA{255, 0, 0, uint8((255*x + 47) / 95)}
		got := m.NRGBAAt(x, 30)
		if d := int(got.A) - int(want.A); off(got, want) > 7 && got.A > 8 || d < -1 || d > 1 {
			t.Errorf("column %d is %v, want %v", x, got, want)
		}
	}
}

// TestHEIFOwnProfile: a profile has precedence over the numbers.
func TestHEIFOwnProfile(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/alpha-10bit.avif") // 1/13 in what is coded, and the profile of Display P3
	plain := bytes.Replace(src, []byte("colrprof"), []byte("freeprof"), 1)
	if got := view(t, e, plain, "f_png").NRGBAAt(90, 30); off(got, color.NRGBA{234, 51, 35, 242}) > 3 {
		t.Errorf("without its profile it is %v", got)
	}
}
