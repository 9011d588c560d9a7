package vips

import (
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// TestByBimg is the rule by which the engine of a picture is chosen.
func TestByBimg(t *testing.T) {
	t.Parallel()
	plain := header.Header{Format: variant.JPEG, Width: 1200, Height: 800, Orientation: 1, Pages: 1, Scans: 1, Depth: 8}
	with := func(f func(*header.Header)) header.Header {
		h := plain
		f(&h)
		return h
	}
	e := map[engine.Choice]*Engine{}
	for _, c := range []engine.Choice{engine.Auto, engine.Bimg, engine.Direct} {
		e[c] = engineOf(t, engine.Config{Choice: c})
	}
	for _, c := range []struct {
		name       string
		h          header.Header
		ops        string
		auto, bimg bool // whether bimg makes it, if it may choose, and if it is told to
	}{
		{"an ordinary photograph", plain, "700x", true, true},
		{"cut", plain, "650x650,g_nw", true, true},
		{"by a focal point", plain, "650x650,fp_0.1_0.9", true, true},
		{"as PNG", plain, "700x,f_png", true, true},
		{"grey", with(func(h *header.Header) { h.Gray = true }), "700x", true, true},
		{"much smaller, where decoders would take too much away", plain, "300x", false, true},
		{"larger", plain, "2000x,up_1", false, true},
		{"as WebP", plain, "700x,f_webp", false, false},
		{"as AVIF", plain, "700x,f_avif", false, false},
		{"turned", with(func(h *header.Header) { h.Orientation = 6 }), "700x", false, false},
		{"progressive", with(func(h *header.Header) { h.Progressive = true }), "700x", false, true},
		{"with a profile", with(func(h *header.Header) { h.ICC = true }), "700x", false, true},
		{"inks", with(func(h *header.Header) { h.CMYK = true }), "700x", false, false},
		{"large", with(func(h *header.Header) { h.Width, h.Height = 6000, 4000 }), "4000x", false, true},
		{"a PNG", with(func(h *header.Header) { h.Format = variant.PNG }), "700x", false, true},
		{"a PNG with alpha", with(func(h *header.Header) { h.Format, h.Alpha = variant.PNG, true }), "700x", false, false},
		{"16 bits", with(func(h *header.Header) { h.Format, h.Depth = variant.PNG, 16 }), "700x", false, false},
		{"an animation", with(func(h *header.Header) { h.Format, h.Pages = variant.GIF, 9 }), "700x,f_jpeg", false, false},
		{"a drawing", with(func(h *header.Header) { h.Format = variant.SVG }), "700x,f_jpeg", false, false},
		{"blurred", plain, "700x,blur_2", false, false},
		{"padded", plain, "700x,pad_2", false, false},
		{"letterboxed", plain, "700x700,fit_contain", false, false},
		{"rounded", plain, "700x,round_9", false, false},
		{"with a bound on its bytes", plain, "700x,bytes_9999", false, false},
		{"chosen by the browser", plain, "700x,f_auto", true, true},
		{"squeezed", plain, "900x20,fit_fill", false, true},
		{"squeezed very much", with(func(h *header.Header) { h.Width, h.Height = 1200, 12000 }), "1200x20,fit_fill", false, true},
	} {
		v, err := variant.Parse(c.ops)
		if err != nil {
			t.Fatal(err)
		}
		p, err := resize.NewPlan(c.h, v, 0, settings(e[engine.Auto]))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := e[engine.Auto].byBimg(c.h, p); got != c.auto {
			t.Errorf("%s: bimg makes it: %t, want %t", c.name, got, c.auto)
		}
		if got := e[engine.Bimg].byBimg(c.h, p); got != c.bimg {
			t.Errorf("%s: bimg, if told to, makes it: %t, want %t", c.name, got, c.bimg)
		}
		if e[engine.Direct].byBimg(c.h, p) {
			t.Errorf("%s: bimg makes it although it is not to", c.name)
		}
	}
}

// TestConformance of both engines. That of engine.Auto, which has one of them make each picture, is
// tested behind the walls, in cmd/thumbery-worker.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, c := range sample.Every(2, []engine.Choice{engine.Bimg, engine.Direct}) {
		t.Run(string(c), func(t *testing.T) { resizetest.Run(t, engineOf(t, engine.Config{Choice: c})) })
	}
}

// TestAgree: what both engines make is nearly the same.
func TestAgree(t *testing.T) {
	t.Parallel()
	one, other := engineOf(t, engine.Config{Choice: engine.Bimg}), engineOf(t, engine.Config{Choice: engine.Direct})
	for _, name := range []string{"odd/orientation-1.jpg", "odd/gray.jpg", "odd/interlaced.png", "odd/p3.jpg"} {
		for _, ops := range sample.Every(3, []string{"100x100", "200x", "x133", "150x200,g_se", "dpr_1", "100x50,fp_0.2_0.1", "90x90,fit_fill", "250x,crop_10p_20p_60p_50p"}) {
			src := testdata(t, name)
			a, b := view(t, one, src, ops+",f_png"), view(t, other, src, ops+",f_png")
			if mean, worst := differ(t, a, b); mean > 2 || worst > 70 {
				t.Errorf("%s, %s: %.2f off in the mean, %d at worst", name, ops, mean, worst)
			}
		}
	}
}
