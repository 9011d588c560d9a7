package vips

import (
	"image"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// inLight makes a picture as with --light linear.
func inLight(t testing.TB, e *Engine, src []byte, ops string) *image.NRGBA {
	t.Helper()
	h, p := plan(t, e, src, ops)
	p.Linear = true
	out, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatalf("%s: %v", ops, err)
	}
	return decoded(t, e, out)
}

// checkers are pixels of two colours in turns.
func checkers(w, h int, a, b color.NRGBA) *image.NRGBA {
	return drawnBy(w, h, func(x, y int) color.NRGBA {
		if (x+y)%2 == 0 {
			return a
		}
		return b
	})
}

// deep is m with 16 bits a sample.
func deep(m *image.NRGBA) *image.NRGBA64 {
	out := image.NewNRGBA64(m.Rect)
	for i, c := range pixelsOf(m) {
		out.Set(i%m.Rect.Dx(), i/m.Rect.Dx(), c)
	}
	return out
}

// greyOf8 is m in grey.
func greyOf8(m *image.NRGBA) *image.Gray {
	out := image.NewGray(m.Rect)
	for i, c := range pixelsOf(m) {
		out.SetGray(i%m.Rect.Dx(), i/m.Rect.Dx(), color.Gray{c.G})
	}
	return out
}

// TestLinearLight: of pixels that are black and white in turns half of the light is left, which
// is 188 in sRGB, whatever the kind of picture and by how much it is reduced. Without, it is
// half of the samples.
func TestLinearLight(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	black, white := color.NRGBA{A: 255}, color.NRGBA{255, 255, 255, 255}
	m := checkers(240, 240, black, white)
	grey := func(v, a uint8) color.NRGBA { return color.NRGBA{v, v, v, a} }
	p3, linearGrey := profileIn(t, "odd/16bit-p3.png"), profileIn(t, "odd/gray-linear.jpg")
	for _, c := range []struct {
		name          string
		src           []byte
		want, without color.NRGBA
	}{
		{"RGB", resizetest.PNG(m), grey(188, 255), grey(128, 255)},
		{"grey", resizetest.PNG(greyOf8(m)), grey(188, 255), grey(128, 255)},
		{"16 bits", resizetest.PNG(deep(m)), grey(188, 255), grey(128, 255)},
		{"profile", withChunks(resizetest.PNG(m), profileChunk(p3)), grey(188, 255), grey(128, 255)},
		{"profile, 16 bits", withChunks(resizetest.PNG(deep(m)), profileChunk(p3)), grey(188, 255), grey(128, 255)},
		{"grey whose samples are light", withChunks(resizetest.PNG(greyOf8(m)), profileChunk(linearGrey)), grey(188, 255), grey(188, 255)},
		{"profile of tables", withChunks(resizetest.PNG(m), profileChunk(tables(4, "RGB ", "A2B0"))), grey(188, 255), grey(188, 255)}, // of light
		{"alpha", resizetest.PNG(checkers(240, 240, grey(0, 128), white)), grey(213, 192), grey(170, 192)},
		{"alpha, 16 bits", resizetest.PNG(deep(checkers(240, 240, grey(0, 128), white))), grey(213, 192), grey(170, 192)},
		{"alpha and profile", withChunks(resizetest.PNG(deep(checkers(240, 240, grey(0, 128), white))), profileChunk(p3)), grey(213, 192), grey(170, 192)},
		{"not seen", resizetest.PNG(checkers(240, 240, color.NRGBA{}, color.NRGBA{200, 100, 50, 255})), color.NRGBA{200, 100, 50, 128}, color.NRGBA{200, 100, 50, 128}},
	} {
		for _, ops := range sample.Every(3, []string{"24x24,f_png", "80x80,f_png", "70x50,f_png", "60x110,fit_fill,f_png", "40x40,crop_10_10_80_80,f_png"}) {
			for i, want := range []color.NRGBA{c.want, c.without} {
				out := []func(testing.TB, *Engine, []byte, string) *image.NRGBA{inLight, view}[i](t, e, c.src, ops)
				if got := out.NRGBAAt(out.Rect.Dx()/2, out.Rect.Dy()/2); off(got, want) > 3 {
					t.Errorf("%s, %s, without %d: %v, want %v", c.name, ops, i, got, want)
				}
			}
		}
	}
}

// TestLinearLevels: each level comes back as it was, also where the side is no multiple of a
// box, and a gradient stays what it is.
func TestLinearLevels(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, side := range []int{8, 9, 11, 15} {
		gradient := drawnBy(512+side, 64+side, func(x, y int) color.NRGBA {
			return color.NRGBA{uint8(x * 255 / (512 + side)), uint8(y), 128, 255}
		})
		src := resizetest.PNG(gradient)
		for _, ops := range []string{"150x,f_png", "250x,f_png"} {
			if mean, worst := differ(t, inLight(t, e, src, ops), view(t, e, src, ops)); mean > 0.6 || worst > 3 {
				t.Errorf("gradient of %v, %s: %.2f off, %d at worst", gradient.Rect, ops, mean, worst)
			}
		}
	}
	p3 := profileChunk(profileIn(t, "odd/16bit-p3.png"))
	level := func(v int) color.NRGBA { return color.NRGBA{uint8(v), uint8(255 - v), 7, 255} }
	squares := drawnBy(256*32, 32, func(x, _ int) color.NRGBA { return level(x / 32) })
	for name, src := range map[string][]byte{"8 bits": resizetest.PNG(squares), "16 bits": resizetest.PNG(deep(squares)), "profile": withChunks(resizetest.PNG(deep(squares)), p3)} {
		light, without := inLight(t, e, src, "2304x9,f_png"), view(t, e, src, "2304x9,f_png")
		for v := range 256 {
			got, want := light.NRGBAAt(9*v+4, 4), without.NRGBAAt(9*v+4, 4)
			if off(got, want) > 1 || name != "profile" && got != level(v) {
				t.Errorf("%s, all of %v: %v, want %v", name, level(v), got, want)
			}
		}
	}
}

// TestLinearAmongMany: what is made of one decoding with others is the same.
func TestLinearAmongMany(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for name, src := range map[string][]byte{
		"opaque": resizetest.PNG(checkers(400, 400, color.NRGBA{A: 255}, color.NRGBA{255, 255, 255, 255})),
		"alpha":  resizetest.PNG(checkers(400, 400, color.NRGBA{A: 128}, color.NRGBA{255, 255, 255, 255})),
	} {
		h, small := plan(t, e, src, "40x40,f_png")
		_, large := plan(t, e, src, "100x100,f_png")
		small.Linear, large.Linear = true, true
		want := inLight(t, e, src, "40x40,f_png")
		_ = e.ResizeAll(t.Context(), resize.InMemory(src), h, []resize.Plan{small, large}, func(i int, data []byte, err error) {
			if err != nil {
				t.Fatal(err)
			}
			m := decoded(t, e, data)
			if got, want := m.NRGBAAt(m.Rect.Dx()/2, m.Rect.Dy()/2), want.NRGBAAt(20, 20); off(got, want) > 2 {
				t.Errorf("%s, plan %d: %v, want %v", name, i, got, want)
			}
		})
	}
}
