package vips

import (
	"bytes"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// TestJXLSizes: what Go reads of a JPEG XL is what libjxl reads, for every way to write a
// size; and a file cut short is noticed.
func TestJXLSizes(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, side := range [][2]int{
		{1, 1},
		{8, 8},
		{16, 256},
		{256, 8},
		{257, 8},
		{7, 3},
		{60, 50},
		{64, 48},
		{48, 32},
		{160, 90},
		{25, 20},
		{40, 20},
		{513, 3},
		{3, 513},
		{9000, 2},
		{2, 9000},
		{16383, 1},
	} {
		w, h := side[0], side[1]
		out, _ := makeOf(t, e, resizetest.PNG(noise(w, h, w == h)), "dpr_1,f_jxl")
		got, err := header.Inspect(t.Context(), bytes.NewReader(out), int64(len(out)), resize.WrittenFormats)
		probed := headerOf(t, out)
		if err != nil || got.Width != w || got.Height != h || got.Format != variant.JXL || probed.Width != w || probed.Height != h {
			t.Errorf("%dx%d: %+v, %v; libjxl: %+v", w, h, got, err, probed)
		}
		for _, n := range []int{0, 1, 20, len(out) / 2, len(out) - 1} {
			if _, err := header.Inspect(t.Context(), bytes.NewReader(out[:n]), int64(n), resize.WrittenFormats); err == nil {
				t.Errorf("%dx%d: %d of %d bytes are whole", w, h, n, len(out))
			}
		}
	}
}

// TestJXLAlpha: each level of alpha is kept, or nearly, as libjxl loses some of it, too; and
// what is transparent or opaque all around stays so.
func TestJXLAlpha(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	m := drawnBy(256, 16, func(x, y int) color.NRGBA { return color.NRGBA{200, uint8(y * 16), uint8(255 - x), uint8(x)} })
	for ops, most := range map[string]int{"f_jxl": 2, "f_jxl,gray": 2, "f_jxl,q_1": 8, "f_jxl,lossless": 0} {
		got := view(t, e, resizetest.PNG(m), "dpr_1,"+ops)
		for i := 3; i < len(m.Pix); i += 4 {
			if d := int(got.Pix[i]) - int(m.Pix[i]); max(d, -d) > most {
				t.Fatalf("%s: alpha %d became %d", ops, m.Pix[i], got.Pix[i])
			}
		}
	}
	disc := view(t, e, testdata(t, "odd/disc.png"), "100x100,f_jxl")
	if corner, middle := disc.NRGBAAt(2, 2), disc.NRGBAAt(50, 50); corner.A != 0 || middle.A != 255 || off(middle, red) > 8 {
		t.Errorf("a disc is %v in its corner and %v in its middle", corner, middle)
	}
}

// TestJXLDistance: more quality is less distance, within what each libvips takes.
func TestJXLDistance(t *testing.T) {
	t.Parallel()
	for q := 1; q < 100; q++ {
		if a, b := jxlDistance(q), jxlDistance(q+1); a <= b || a > 15 || b < 0.1 {
			t.Errorf("quality %d: distance %g, then %g", q, a, b)
		}
	}
}
