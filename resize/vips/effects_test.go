package vips

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// swatches are squares of 20 pixels in known colours.
var swatches = []color.NRGBA{
	{0, 0, 0, 255},
	{255, 255, 255, 255},
	{128, 128, 128, 255},
	{200, 100, 50, 255},
	{10, 200, 220, 255},
	{255, 0, 0, 255},
	{0, 255, 0, 255},
	{0, 0, 255, 255},
	{90, 40, 140, 255},
	{250, 240, 10, 255},
}

func swatched(alpha uint8) *image.NRGBA {
	return drawnBy(20*len(swatches), 20, func(x, _ int) color.NRGBA {
		c := swatches[x/20]
		c.A = alpha
		return c
	})
}

// TestFormulas: what is documented of brightness, contrast, saturation and grey.
func TestFormulas(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	clip := func(v float64) uint8 { return uint8(math.Round(min(255, max(0, v)))) }
	each := func(f func(v float64) float64) func(color.NRGBA) color.NRGBA {
		return func(c color.NRGBA) color.NRGBA {
			return color.NRGBA{clip(f(float64(c.R))), clip(f(float64(c.G))), clip(f(float64(c.B))), c.A}
		}
	}
	saturate := func(s float64) func(color.NRGBA) color.NRGBA {
		return func(c color.NRGBA) color.NRGBA {
			r, g, b := float64(c.R), float64(c.G), float64(c.B)
			y := 0.213*r + 0.715*g + 0.072*b
			return color.NRGBA{clip(y + s*(r-y)), clip(y + s*(g-y)), clip(y + s*(b-y)), c.A}
		}
	}
	bright := func(p float64) func(v float64) float64 { return func(v float64) float64 { return v + 255*p } }
	contrast := func(g float64) func(v float64) float64 { return func(v float64) float64 { return (v-128)*g + 128 } }
	same := func(c color.NRGBA) color.NRGBA { return c }
	for ops, want := range map[string]func(color.NRGBA) color.NRGBA{
		"bright_20": each(bright(0.2)), "bright_-35": each(bright(-0.35)), "bright_100": each(bright(1)), "bright_-100": each(bright(-1)),
		"contrast_30": each(contrast(1.3)), "contrast_-50": each(contrast(0.5)), "contrast_-100": each(contrast(0)), "contrast_100": each(contrast(2)),
		"bright_10,contrast_20": each(func(v float64) float64 { return contrast(1.2)(bright(0.1)(v)) }),
		"sat_50":                saturate(1.5), "sat_-40": saturate(0.6), "sat_-100": saturate(0), "sat_100": saturate(2),
		"bright_-10,sat_30": func(c color.NRGBA) color.NRGBA { return saturate(1.3)(each(bright(-0.1))(c)) },
		"blur_0.5":          same, "pixel_5": same, "sharp_0.5": same,
	} {
		for _, alpha := range []uint8{255, 128} {
			m := view(t, e, resizetest.PNG(swatched(alpha)), "dpr_1,f_png,"+ops)
			for i, c := range swatches {
				c.A = alpha
				if got := m.NRGBAAt(20*i+10, 10); off(got, want(c)) > 1 {
					t.Errorf("%s of %v: %v, want %v", ops, c, got, want(c))
				}
			}
		}
	}
}

// lstar is L* of a luminance.
func lstar(y float64) float64 { return 116*math.Cbrt(y) - 16 }

// TestGray: grey is as light as the colour was.
func TestGray(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, alpha := range []uint8{255, 128} {
		out, _ := makeOf(t, e, resizetest.PNG(swatched(alpha)), "dpr_1,gray,f_png")
		m := decoded(t, e, out)
		for i, c := range swatches {
			got := m.NRGBAAt(20*i+10, 10)
			// Luminance in linear light, with the weights of IEC 61966-2-1, or those of
			// libvips 8.14.
			r, g, b := linear(float64(c.R)/255), linear(float64(c.G)/255), linear(float64(c.B)/255)
			y := 0.2126*r + 0.7152*g + 0.0722*b
			if old := 0.2*r + 0.7*g + 0.1*b; speed().Old && math.Abs(lstar(old)-lab(got)[0]) < math.Abs(lstar(y)-lab(got)[0]) {
				y = old
			}
			want := lab(got)[0]
			c.A = alpha
			if light := lstar(y); y > 0.01 && math.Abs(light-want) > 1.5 || got.R != got.G || got.G != got.B || got.A != alpha {
				t.Errorf("%v is %v, lightness %.1f instead of %.1f", c, got, want, light)
			}
		}
		if h := headerOf(t, out); alpha == 255 && !h.Gray {
			t.Error("grey takes three bands")
		}
	}
	if m := view(t, e, testdata(t, "odd/gray.jpg"), "80x,gray,sat_50,bright_10,f_png"); m.NRGBAAt(40, 20).R != m.NRGBAAt(40, 20).B {
		t.Error("grey of grey has a colour")
	}
}

func brightness(m *image.NRGBA) (mean, deviation float64) {
	n := float64(len(m.Pix) / 4)
	for _, p := range pixelsOf(m) {
		mean += float64(p.G) / n
	}
	for _, p := range pixelsOf(m) {
		deviation += (float64(p.G) - mean) * (float64(p.G) - mean) / n
	}
	return mean, math.Sqrt(deviation)
}

// TestBlur: the brightness stays, contrast goes, the more the larger sigma is; a
// step becomes the error function of that sigma.
func TestBlur(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/orientation-1.jpg")
	mean, last := brightness(view(t, e, src, "240x,f_png"))
	for _, s := range []string{"0.5", "1", "2", "3.9", "4.1", "8", "20", "60", "100"} {
		got, deviation := brightness(view(t, e, src, "240x,f_png,blur_"+s))
		if math.Abs(got-mean) > 8 || deviation > last+3 {
			t.Errorf("sigma %s: brightness %.1f, was %.1f, contrast %.1f, was %.1f", s, got, mean, deviation, last)
		}
		last = deviation
	}
	step := resizetest.PNG(drawnBy(120, 40, func(x, _ int) color.NRGBA {
		v := uint8(50 + x/60*150)
		return color.NRGBA{v, v, v, 255}
	}))
	for s, sigma := range map[string]float64{"1": 1, "3": 3, "4": 4, "6": 6, "10": 10} {
		m := view(t, e, step, "dpr_1,f_png,blur_"+s)
		for x := range 120 {
			want := 125 + 75*math.Erf((float64(x)+0.5-60)/sigma/math.Sqrt2)
			if got := float64(m.NRGBAAt(x, 20).R); math.Abs(got-want) > 7 {
				t.Errorf("sigma %s, column %d: %.0f, want %.0f", s, x, got, want)
				break
			}
		}
	}
}

// TestPixelate: blocks of one colour, which is their mean.
func TestPixelate(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	before := view(t, e, testdata(t, "odd/orientation-1.jpg"), "100x,f_png")
	for _, side := range []int{2, 7, 16, 33, 500} {
		m := view(t, e, resizetest.PNG(before), sprint("dpr_1,f_png,pixel_%d", side))
		if m.Rect != before.Rect {
			t.Fatalf("blocks of %d: %v", side, m.Rect)
		}
		for y := 0; y+side <= m.Rect.Dy(); y += side {
			for x := 0; x+side <= m.Rect.Dx(); x += side {
				want := boxed(straightened(before.SubImage(image.Rect(x, y, x+side, y+side))), side).NRGBAAt(0, 0)
				for i := range side * side {
					if p := m.NRGBAAt(x+i%side, y+i/side); off(p, want) > 2 {
						t.Fatalf("blocks of %d: %v at %d,%d, want %v", side, p, x+i%side, y+i/side, want)
					}
				}
			}
		}
	}
}

// TestSharpen: contrast grows at edges, not in what is even, and hue stays.
func TestSharpen(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	edge := resizetest.PNG(drawnBy(80, 40, func(x, _ int) color.NRGBA {
		v := uint8(90 + x/40*80)
		return color.NRGBA{v, v, v, 255}
	}))
	_, before := brightness(view(t, e, edge, "dpr_1,f_png"))
	last := before
	for _, s := range []string{"0.5", "1", "2"} {
		m := view(t, e, edge, "dpr_1,f_png,sharp_"+s)
		_, after := brightness(m)
		if after <= last {
			t.Errorf("sigma %s: contrast %.2f, was %.2f", s, after, last)
		}
		last = after
		if p := m.NRGBAAt(5, 20); off(p, color.NRGBA{90, 90, 90, 255}) > 1 {
			t.Errorf("sigma %s: even ground became %v", s, p)
		}
	}
}

// TestRestore: the sharpening after strong reductions is mild, and not done where
// nobody asked for it, nor besides other sharpness.
func TestRestore(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "photos/cat.jpg")
	h, p := plan(t, e, src, "300x,f_png")
	if p.Effects.Restore {
		t.Fatal("it is on by itself")
	}
	plain, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatal(err)
	}
	p.Effects.Restore = true
	restored, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatal(err)
	}
	a, b := decoded(t, e, plain), decoded(t, e, restored)
	mean, worst := differ(t, a, b)
	meanA, contrastA := brightness(a)
	meanB, contrastB := brightness(b)
	if mean < 0.1 || mean > 4 || worst > 60 || math.Abs(meanA-meanB) > 1 || contrastB <= contrastA {
		t.Errorf("%.2f off in the mean, %d at worst; brightness %.1f and %.1f, contrast %.2f and %.2f", mean, worst, meanA, meanB, contrastA, contrastB)
	}
	even := resizetest.PNG(painted(400, 400, color.NRGBA{255, 100, 3, 255}))
	h, p = plan(t, e, even, "50x,f_png")
	p.Effects.Restore = true
	if out, err := e.Resize(t.Context(), resize.InMemory(even), h, p); err != nil || off(decoded(t, e, out).NRGBAAt(20, 20), color.NRGBA{255, 100, 3, 255}) > 1 {
		t.Errorf("what is even becomes %v, %v", decoded(t, e, out).NRGBAAt(20, 20), err)
	}
	t.Logf("%.2f off in the mean, %d at worst; contrast %.2f and %.2f", mean, worst, contrastA, contrastB)
}

// TestOrder: effects have one order, which is that of the canonical spelling.
func TestOrder(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/orientation-1.jpg")
	a, _ := makeOf(t, e, src, "100x,gray,sat_50,contrast_40,bright_20,sharp_1,blur_2,pixel_8,f_png")
	b, _ := makeOf(t, e, src, "pixel_8,blur_2,sharp_1,bright_20,contrast_40,sat_50,gray,100x,f_png")
	if string(a) != string(b) {
		t.Error("the order in which they are asked for matters")
	}
	// Blocks are blurred, not the blurred cut into blocks.
	m := view(t, e, src, "100x,pixel_20,blur_3,f_png")
	edges := 0
	for x := 1; x < 100; x++ {
		edges += off(m.NRGBAAt(x, 30), m.NRGBAAt(x-1, 30)) / 20
	}
	if edges > 2 {
		t.Errorf("%d hard edges after a blur", edges)
	}
	// Brightness comes before contrast.
	gray := resizetest.PNG(painted(9, 9, color.NRGBA{100, 100, 100, 255}))
	if p := view(t, e, gray, "dpr_1,contrast_100,bright_10,f_png").NRGBAAt(4, 4); off(p, color.NRGBA{123, 123, 123, 255}) > 1 {
		t.Errorf("brightness, then contrast: %v", p)
	}
}

// TestEffectsLeaveGroundAlone: the letterbox, the pad and the corners keep their
// colour whatever is done to the picture; alpha does, too.
func TestEffectsLeaveGroundAlone(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range []string{"orientation-1.jpg", "gray.jpg", "disc.png", "gray-alpha.png"} {
		for _, effect := range sample.Every(3, []string{"gray", "bright_30", "contrast_-40", "sat_-100", "blur_5", "pixel_9", "sharp_2"}) {
			for _, ground := range []string{"80x80,fit_contain,pad_6,bg_336699", "60x40,pad_6,bg_336699"} {
				m := view(t, e, testdata(t, "odd/"+name), ground+",f_png,"+effect)
				if p := m.NRGBAAt(2, 2); p != (color.NRGBA{0x33, 0x66, 0x99, 255}) {
					t.Errorf("%s, %s, %s: the ground is %v", name, ground, effect, p)
				}
			}
		}
	}
	for _, effect := range []string{"gray", "bright_30", "contrast_-40", "sat_-100", "sharp_2"} {
		m, plain := view(t, e, testdata(t, "odd/disc.png"), "100x,f_png,"+effect), view(t, e, testdata(t, "odd/disc.png"), "100x,f_png")
		for i := 3; i < len(m.Pix); i += 4 {
			if d := int(m.Pix[i]) - int(plain.Pix[i]); d > 1 || d < -1 {
				t.Errorf("%s changes alpha by %d", effect, d)
				break
			}
		}
	}
}
