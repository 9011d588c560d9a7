package vips

import (
	"errors"
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// together makes all of ops of one decoding.
func together(t testing.TB, e *Engine, src []byte, wishes ...string) (outs [][]byte, errs []error, err error) {
	t.Helper()
	var h header.Header
	var plans []resize.Plan
	for _, ops := range wishes {
		var p resize.Plan
		h, p = plan(t, e, src, ops)
		plans = append(plans, p)
	}
	err = e.ResizeAll(t.Context(), resize.InMemory(src), h, plans, func(_ int, data []byte, err error) {
		outs, errs = append(outs, data), append(errs, err)
	})
	return outs, errs, err
}

// everySecond returns half of all, and the other half for the next n.
func everySecond(all []string, n int) (half []string) {
	for i := n % 2; i < len(all); i += 2 {
		half = append(half, all[i])
	}
	return half
}

// TestTogetherLikeAlone: pictures of all kinds come out as they do alone, but for
// what reducing in other steps changes.
func TestTogetherLikeAlone(t *testing.T) {
	e := engineOf(t, engine.Config{Formats: header.AllFormats})
	wishes := []string{
		"37x,f_png", "dpr_1,f_png", "70x45,f_png,g_ne", "20x20,f_png,fit_contain,bg_336699", "9x,f_png", "60x,f_png,rot_90,blur_1.5",
		"40x40,f_png,crop_10p_10p_60p_60p", "64x64,f_png,round_20", "50x,f_png,gray,contrast_20", "12x9,f_png,fit_fill",
	}
	for n, name := range sample.Every(5, []string{
		"16bit.png", "16bit-p3.png", "16bit.tif", "1x1.jpg", "adobe-rgb.jpg", "alpha.png", "alpha.webp", "animated.gif", "bad-icc.jpg",
		"cmyk.jpg", "cmyk-icc.jpg", "cmyk-plain.jpg", "disc.png", "disc.webp", "drawing.svg", "exif.webp", "gray.jpg", "gray-alpha.png",
		"gray-linear.jpg", "gray16.png", "interlaced.png", "lossless.webp", "orientation-5.jpg", "orientation-6.heic", "orientation-8.avif",
		"p3.jpg", "pages.pdf", "palette.png", "photo.avif", "scene.jp2", "scene.jxl", "tall.jpg", "wide.png", "ycck.jpg",
	}) {
		src := testdata(t, "odd/"+name)
		wishes := everySecond(wishes, n)
		outs, errs, err := together(t, e, src, wishes...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, ops := range wishes {
			if errs[i] != nil {
				t.Errorf("%s, %s: %v", name, ops, errs[i])
				continue
			}
			alone, _ := makeOf(t, e, src, ops)
			mean, worst := differ(t, decoded(t, e, outs[i]), decoded(t, e, alone))
			if mean > 3 || worst > 64 {
				t.Errorf("%s, %s: %.2f off in the mean, %d at worst", name, ops, mean, worst)
			}
		}
	}
}

// TestTogetherFiner: halving keeps a fine pattern's mean, and moves nothing by more
// than a quarter of a pixel, where sides are odd.
func TestTogetherFiner(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, side := range sample.Every(4, []int{640, 641, 643, 655}) {
		pattern := drawnBy(side, side-6, func(x, y int) color.NRGBA {
			return color.NRGBA{uint8(255 * (x % 2)), uint8(200 * (y % 2)), uint8(x * 255 / side), 255}
		})
		outs, errs, err := together(t, e, resizetest.PNG(pattern), "600x,f_png", "300x,f_png", "150x,f_png", "75x,f_png", "18x,f_png", "5x,f_png")
		if err != nil || slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
			t.Fatal(err, errs)
		}
		for i, out := range outs[1:] {
			m := decoded(t, e, out)
			w, h := m.Rect.Dx(), m.Rect.Dy()
			for _, at := range []image.Point{{w / 2, h / 2}, {1, h / 3}, {w - 2, h - 2}} {
				want := color.NRGBA{128, 100, uint8((2*at.X + 1) * 255 / (2 * w)), 255}
				if got := pixel(m, at.X, at.Y); off(got, want) > 12+64/w {
					t.Errorf("%d, plan %d of %dx%d at %v: %v, want %v", side, i+1, w, h, at, got, want)
				}
			}
		}
	}
}

// TestTogetherKeepsEdgesOfAlpha: half transparent edges keep their colour.
func TestTogetherKeepsEdgesOfAlpha(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	red := color.NRGBA{255, 0, 0, 255}
	src := resizetest.PNG(resizetest.Transparent(401, 300, red))
	outs, _, err := together(t, e, src, "200x,f_png", "50x,f_png", "7x,f_png", "200x,f_webp,lossless", "401x,f_png")
	if err != nil {
		t.Fatal(err)
	}
	for i, out := range outs {
		m := decoded(t, e, out)
		for x := range m.Rect.Dx() {
			if c := m.NRGBAAt(x, m.Rect.Dy()/2); c.A > 8 && off(c, color.NRGBA{255, 0, 0, c.A}) > 6 {
				t.Errorf("plan %d at %d: %v", i, x, c)
			}
		}
	}
}

// TestTogetherSqueezes: what shrinks one side alone needs other levels than what
// shrinks the other.
func TestTogetherSqueezes(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, side := range sample.Every(3, []int{1201, 1203, 1216}) {
		src := resizetest.PNG(resizetest.Quarters(side, side))
		wishes := []string{"250x8,fit_fill,f_png", "8x249,fit_fill,f_png", "140x140,f_png", "150x2,fit_fill,f_png", "1x1,f_png"}
		outs, errs, err := together(t, e, src, wishes...)
		if err != nil {
			t.Fatal(err)
		}
		for i, ops := range wishes {
			if errs[i] != nil {
				t.Fatalf("%d, %s: %v", side, ops, errs[i])
			}
			mean, worst := differ(t, decoded(t, e, outs[i]), view(t, e, src, ops))
			if mean > 2.5 || worst > 64 {
				t.Errorf("%d, %s: %.2f off in the mean, %d at worst", side, ops, mean, worst)
			}
		}
	}
}

// TestTogetherEncodes: the same pixels in several ways, limits included.
func TestTogetherEncodes(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/orientation-1.jpg")
	outs, errs, err := together(t, e, src, "120x", "120x,f_webp", "120x,f_png", "120x,f_avif", "120x,bytes_1200", "120x,bytes_100", "120x,f_gif", "120x,q_30")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range []variant.Format{variant.JPEG, variant.WebP, variant.PNG, variant.AVIF, variant.JPEG, 0, variant.GIF, variant.JPEG} {
		if f == 0 {
			if !errors.Is(errs[i], resize.ErrBytes) || outs[i] != nil {
				t.Errorf("100 bytes: %d, %v", len(outs[i]), errs[i])
			}
			continue
		}
		if errs[i] != nil || headerOf(t, outs[i]).Format != f {
			t.Errorf("plan %d: %v", i, errs[i])
		}
	}
	if len(outs[4]) > 1200 || len(outs[7]) >= len(outs[0]) {
		t.Errorf("%d bytes where 1200 are allowed; quality 30: %d, 80: %d", len(outs[4]), len(outs[7]), len(outs[0]))
	}
}

// TestTogetherEngines: each engine that can be chosen makes several, too.
func TestTogetherEngines(t *testing.T) {
	t.Parallel()
	for _, c := range []engine.Choice{engine.Auto, engine.Bimg, engine.Direct} {
		e := engineOf(t, engine.Config{Choice: c})
		_, errs, err := together(t, e, testdata(t, "odd/orientation-6.jpg"), "120x", "60x60,f_webp", "30x")
		if err != nil || len(errs) != 3 || errs[0] != nil || errs[1] != nil || errs[2] != nil {
			t.Errorf("%s: %v, %v", c, err, errs)
		}
	}
}

// TestTogetherBroken: all fail as they do alone, and a lenient engine gives what is
// there.
func TestTogetherBroken(t *testing.T) {
	t.Parallel()
	for _, src := range [][]byte{
		cutOff(resizetest.JPEG(resizetest.Quarters(500, 400))), cutOff(resizetest.PNG(resizetest.Quarters(500, 400))),
	} {
		h, err := inspect(defaultEngine(t), src, 1)
		if !errors.Is(err, header.ErrBroken) || h.Width != 500 {
			t.Fatal(h, err)
		}
		for _, lenient := range []bool{false, true} {
			e := engineOf(t, engine.Config{Lenient: lenient})
			var plans []resize.Plan
			for _, ops := range []string{"100x", "200x,f_webp"} {
				v, err := variant.Parse(ops)
				if err != nil {
					t.Fatal(err)
				}
				p, err := resize.NewPlan(h, v, 0, settings(e))
				if err != nil {
					t.Fatal(err)
				}
				plans = append(plans, p)
			}
			calls := 0
			err := e.ResizeAll(t.Context(), resize.InMemory(src), h, plans, func(i int, data []byte, err error) {
				calls++
				if !errors.Is(err, header.ErrBroken) || (data != nil) != lenient {
					t.Errorf("%v, lenient %t, plan %d: %d bytes, %v", h.Format, lenient, i, len(data), err)
				}
			})
			if !errors.Is(err, header.ErrBroken) || calls != 2 {
				t.Errorf("%v, lenient %t: %d calls, %v", h.Format, lenient, calls, err)
			}
		}
	}
}

func cutOff(src []byte) []byte { return src[:3*len(src)/4] }
