package vips

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// framed is the quarters in box on a plain ground with a little noise.
func framed(w, h int, box image.Rectangle, ground color.NRGBA, noise int) *image.NRGBA {
	r := rand.New(rand.NewPCG(3, 4))
	m := drawnBy(w, h, func(int, int) color.NRGBA {
		n := uint8(0)
		if noise > 0 {
			n = uint8(r.IntN(noise))
		}
		return color.NRGBA{ground.R + n, ground.G + n, ground.B + n, ground.A}
	})
	draw.Draw(m, box, resizetest.Quarters(box.Dx(), box.Dy()), image.Point{}, draw.Src)
	return m
}

// cropOf is what a look turns into a crop.
func cropOf(t *testing.T, e *Engine, src []byte, ops string) image.Rectangle {
	t.Helper()
	h := headerOf(t, src)
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = e.Look(t.Context(), resize.InMemory(src), h, v); err != nil {
		t.Fatalf("%s: %v", ops, err)
	}
	r, err := resize.Region(h, v)
	if err != nil {
		t.Fatal(err)
	}
	return image.Rect(r.Left, r.Top, r.Left+r.Width, r.Top+r.Height)
}

func closeTo(got, want image.Rectangle, within int) bool {
	return max(absolute(got.Min.X-want.Min.X), absolute(got.Min.Y-want.Min.Y), absolute(got.Max.X-want.Max.X), absolute(got.Max.Y-want.Max.Y)) <= within
}

// TestTrim finds borders to a pixel of the result.
func TestTrim(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	box := image.Rect(60, 33, 340, 251)
	light, dark := color.NRGBA{240, 238, 236, 255}, color.NRGBA{6, 6, 6, 255}
	pictures := map[string][]byte{
		"a PNG, white": resizetest.PNG(framed(400, 300, box, light, 0)), "a noisy PNG": resizetest.PNG(framed(400, 300, box, light, 5)),
		"a noisy JPEG": resizetest.JPEG(framed(400, 300, box, light, 5)), "a black JPEG": resizetest.JPEG(framed(400, 300, box, dark, 4)),
		"nothing around": resizetest.PNG(framed(400, 300, box, color.NRGBA{}, 0)), "coloured nothing": resizetest.PNG(framed(400, 300, box, color.NRGBA{250, 9, 200, 0}, 0)),
	}
	for _, name := range sample.Every(3, slices.Sorted(maps.Keys(pictures))) {
		src := pictures[name]
		for ops, within := range map[string]int{"trim": 2, "100x100,trim": 2, "40x40,trim,fit_inside": 4, "60x60,trim_20,fit_contain": 3, "x60,trim": 3} {
			if got := cropOf(t, e, src, ops+",f_png"); !closeTo(got, box, within) {
				t.Errorf("%s, %s: %v, want %v", name, ops, got, box)
			}
		}
		for o := 3; o <= 8; o += 3 {
			m, err := decodeStored(t, e, src, o)
			if err != nil {
				continue
			}
			if got := cropOf(t, e, m, "140x,trim,f_png"); !closeTo(got, box, 3) {
				t.Errorf("%s, orientation %d: %v, want %v", name, o, got, box)
			}
		}
	}
}

// decodeStored is a picture as a PNG of that orientation.
func decodeStored(t *testing.T, e *Engine, src []byte, orientation int) ([]byte, error) {
	t.Helper()
	return resizetest.Oriented(resizetest.PNG(resizetest.Stored(decoded(t, e, src), orientation)), orientation), nil
}

// TestSmallSubject: much is trimmed; what is left is as exact as it will be seen.
func TestSmallSubject(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	box := image.Rect(734, 477, 1034, 702)
	src := resizetest.JPEG(framed(1800, 1100, box, color.NRGBA{250, 250, 250, 255}, 0))
	for _, ops := range sample.Every(2, []string{"300x225,trim", "150x150,trim,fit_contain", "75x75,trim", "1000x1000,trim"}) {
		h, p := plan(t, e, src, ops+",f_png")
		got := cropOf(t, e, src, ops)
		// One pixel of the result, and of the source.
		within := 1 + int(float64(h.Width)/float64(p.ScaledW)+0.5)
		if !closeTo(got, box, within) {
			t.Errorf("%s: %v, want %v to %d", ops, got, box, within)
		}
	}
}

func TestTrimNothing(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	whole := image.Rect(0, 0, 401, 299)
	scene := resizetest.PNG(sceneOf(t, e, "401x299,fit_fill"))
	for _, ops := range sample.Every(3, []string{"trim", "100x100,trim", "50x,trim", "33x77,trim", "trim_255"}) {
		if got := cropOf(t, e, scene, ops); got != whole {
			t.Errorf("a picture without a border, %s: %v", ops, got)
		}
		for name, c := range map[string]color.NRGBA{"white": white, "red": red, "nothing": {}} {
			if got := cropOf(t, e, resizetest.PNG(painted(401, 299, c)), ops); got != whole {
				t.Errorf("%s all over, %s: %v", name, ops, got)
			}
		}
	}
	// A border that is no border: two colours.
	two := painted(200, 100, white)
	draw.Draw(two, image.Rect(100, 0, 200, 100), image.NewUniform(red), image.Point{}, draw.Src)
	if got := cropOf(t, e, resizetest.PNG(two), "trim"); !closeTo(got, image.Rect(100, 0, 200, 100), 1) {
		t.Errorf("half of it: %v", got)
	}
}

// TestTrimWithin a crop, and what remains is fitted.
func TestTrimWithin(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	box := image.Rect(120, 80, 280, 220)
	src := resizetest.PNG(framed(400, 300, box, white, 0))
	if got := cropOf(t, e, src, "crop_50_50_200_200,trim"); !closeTo(got, image.Rect(120, 80, 250, 220), 1) {
		t.Errorf("in a crop: %v", got)
	}
	m := view(t, e, src, "80x70,trim,f_png")
	want := resizetest.Quarters(80, 70)
	for _, at := range []image.Point{{2, 2}, {77, 2}, {2, 67}, {77, 67}, {35, 30}, {45, 40}} {
		if p := m.NRGBAAt(at.X, at.Y); off(p, want.NRGBAAt(at.X, at.Y)) > 32 { // the filter sees what was trimmed
			t.Errorf("at %v: %v, want %v", at, p, want.NRGBAAt(at.X, at.Y))
		}
	}
}

// TestSmart: what stands at a corner of a picture that is plain elsewhere is kept.
func TestSmart(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, at := range sample.Every(3, []image.Point{{20, 20}, {320, 20}, {320, 220}, {170, 120}, {20, 120}}) {
		box := image.Rect(at.X, at.Y, at.X+60, at.Y+60)
		m := framed(400, 300, box, color.NRGBA{200, 200, 205, 255}, 3)
		draw.Draw(m, box, image.NewUniform(color.NRGBA{230, 60, 30, 255}), image.Point{}, draw.Src)
		draw.Draw(m, box.Inset(20), image.NewUniform(color.NRGBA{20, 20, 20, 255}), image.Point{}, draw.Src)
		for o := 1; o <= 8; o += 5 {
			src := resizetest.Oriented(resizetest.JPEG(resizetest.Stored(m, o)), o)
			for ops, part := range map[string]float64{"60x100,g_smart": 0.9, "100x40,g_smart": 0.9, "100x100,g_smart": 0.9} {
				h, p := plan(t, e, src, ops)
				w, height := h.Upright()
				scale := float64(p.ScaledW) / float64(w)
				_ = height
				cut := image.Rect(int(float64(p.Cut.Left)/scale), int(float64(p.Cut.Top)/scale), int(float64(p.Cut.Left+p.Cut.Width)/scale), int(float64(p.Cut.Top+p.Cut.Height)/scale))
				kept := cut.Intersect(box)
				if share := float64(kept.Dx()*kept.Dy()) / float64(box.Dx()*box.Dy()); share < part {
					t.Errorf("subject at %v, orientation %d, %s: %v keeps %.0f%%", at, o, ops, cut, 100*share)
				}
			}
		}
	}
	for _, name := range sample.Every(4, []string{"disc.png", "gray.jpg", "counter.gif", "16bit-p3.png", "cmyk.jpg", "wide.png", "tall.jpg", "1x1.png", "drawing.svg", "gray-alpha.png"}) {
		for _, ops := range []string{"50x50,g_smart", "20x60,g_smart,trim", "1x1,g_smart", "60x,g_smart", "30x30,g_smart,fit_contain", "300x10,g_smart,up_1"} {
			if _, err := make1(e, testdata(t, "odd/"+name), ops+",f_png"); err != nil {
				t.Errorf("%s, %s: %v", name, ops, err)
			}
		}
	}
}

// TestSmartCat: of a photograph the face is kept.
func TestSmartCat(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	_, p := plan(t, e, testdata(t, "photos/cat.jpg"), "400x200,g_smart")
	if middle := float64(p.Cut.Top+p.Cut.Height/2) / float64(p.ScaledH); middle > 0.55 || middle < 0.15 {
		t.Errorf("the middle is at %.2f", middle)
	}
}

// TestTrimKeepsLines: lines of one pixel are no border, wherever they lie, on whatever the
// corner's colour is, and also where a JPEG has made noise of it. Specks are.
func TestTrimKeepsLines(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	white, ink := color.NRGBA{255, 255, 255, 255}, color.NRGBA{40, 40, 160, 255}
	frame := func(r image.Rectangle, c color.NRGBA) func(*image.NRGBA) {
		return func(m *image.NRGBA) {
			for _, side := range []image.Rectangle{
				image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+1), image.Rect(r.Min.X, r.Max.Y-1, r.Max.X, r.Max.Y),
				image.Rect(r.Min.X, r.Min.Y, r.Min.X+1, r.Max.Y), image.Rect(r.Max.X-1, r.Min.Y, r.Max.X, r.Max.Y),
			} {
				draw.Draw(m, side, image.NewUniform(c), image.Point{}, draw.Src)
			}
		}
	}
	noisy := func(m *image.NRGBA) {
		random := rand.New(rand.NewPCG(1, 2))
		for i := range m.Pix {
			if i%4 != 3 {
				m.Pix[i] = uint8(min(max(float64(m.Pix[i])-8+3*random.NormFloat64(), 0), 255))
			}
		}
	}
	for name, c := range map[string]struct {
		paint func(*image.NRGBA)
		want  image.Rectangle // in 200x150
	}{
		"a frame":          {frame(image.Rect(20, 20, 181, 130), ink), image.Rect(20, 20, 181, 130)},
		"at the edges":     {frame(image.Rect(1, 1, 199, 149), ink), image.Rect(1, 1, 199, 149)},
		"a faint frame":    {frame(image.Rect(33, 41, 150, 99), color.NRGBA{240, 255, 255, 255}), image.Rect(33, 41, 150, 99)},
		"half transparent": {frame(image.Rect(33, 41, 150, 99), color.NRGBA{0, 0, 0, 20}), image.Rect(33, 41, 150, 99)},
		"a line": {func(m *image.NRGBA) {
			draw.Draw(m, image.Rect(50, 70, 120, 71), image.NewUniform(ink), image.Point{}, draw.Src)
		}, image.Rect(50, 70, 120, 71)},
		"an upright line": {func(m *image.NRGBA) {
			draw.Draw(m, image.Rect(50, 70, 51, 80), image.NewUniform(ink), image.Point{}, draw.Src)
		}, image.Rect(50, 70, 51, 80)},
		"a falling line": {func(m *image.NRGBA) {
			for i := range 60 {
				m.SetNRGBA(40+i, 30+i, ink)
			}
		}, image.Rect(40, 30, 100, 90)},
		"a slow line": {func(m *image.NRGBA) {
			for i := range 90 {
				m.SetNRGBA(40+i, 30+i/3, ink)
			}
		}, image.Rect(40, 30, 130, 60)},
		"three pixels": {func(m *image.NRGBA) {
			for i := range 3 {
				m.SetNRGBA(90+i, 80+i/2, ink)
			}
		}, image.Rect(90, 80, 93, 82)},
		"with specks": {func(m *image.NRGBA) {
			frame(image.Rect(60, 60, 100, 100), ink)(m)
			m.SetNRGBA(5, 5, ink)
			m.SetNRGBA(190, 140, ink)
			m.SetNRGBA(191, 140, ink)
		}, image.Rect(60, 60, 100, 100)},
		"around a photograph": {func(m *image.NRGBA) {
			frame(image.Rect(30, 30, 170, 120), ink)(m)
			draw.Draw(m, image.Rect(60, 50, 140, 100), image.NewUniform(color.NRGBA{90, 140, 70, 255}), image.Point{}, draw.Src)
		}, image.Rect(30, 30, 170, 120)},
		"in noise": {func(m *image.NRGBA) { frame(image.Rect(40, 48, 160, 112), ink)(m); noisy(m) }, image.Rect(40, 48, 160, 112)},
	} {
		m := painted(200, 150, white)
		c.paint(m)
		src := resizetest.PNG(m)
		if got := cropOf(t, e, src, "trim,f_png"); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
			t.Fatal(err)
		}
		if got := cropOf(t, e, b.Bytes(), "trim_24,f_png"); name == "a frame" || name == "in noise" || name == "around a photograph" {
			if !c.want.In(got.Inset(-1)) || !got.In(c.want.Inset(-8)) {
				t.Errorf("%s as a JPEG: %v, want about %v", name, got, c.want)
			}
		}
	}
}
