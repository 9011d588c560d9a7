package vips

import (
	"errors"
	"image"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

var (
	blue  = color.NRGBA{0, 0, 255, 255}
	white = color.NRGBA{255, 255, 255, 255}
)

// marked is an engine with one watermark, "m".
func marked(t testing.TB, w watermark.Watermark) *Engine {
	t.Helper()
	w.Name = "m"
	return engineOf(t, engine.Config{Watermarks: []watermark.Watermark{w}})
}

// blueIn is the smallest rectangle that holds all pixels that are rather blue.
func blueIn(m *image.NRGBA) image.Rectangle {
	var r image.Rectangle
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			if p := m.NRGBAAt(x, y); p.A > 40 && int(p.B) > int(p.R)+20 {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

// TestMarkPlaces: each gravity, with its margin.
func TestMarkPlaces(t *testing.T) {
	t.Parallel()
	mark := resizetest.PNG(painted(20, 10, blue))
	src := resizetest.PNG(painted(200, 100, white))
	at := func(x, y int) image.Rectangle { return image.Rect(x, y, x+20, y+10) }
	for g, want := range map[variant.Gravity]image.Rectangle{
		variant.GravityNW: at(7, 7), variant.GravityN: at(90, 7), variant.GravityNE: at(173, 7),
		variant.GravityW: at(7, 45), variant.GravityCenter: at(90, 45), variant.GravityE: at(173, 45),
		variant.GravitySW: at(7, 83), variant.GravityS: at(90, 83), variant.GravitySE: at(173, 83),
	} {
		e := marked(t, watermark.Watermark{Image: mark, Gravity: g, Opacity: 1, Margin: 7})
		m := view(t, e, src, "dpr_1,wm_m,f_png")
		if got := blueIn(m); got != want {
			t.Errorf("gravity %v: %v, want %v", g, got, want)
		}
		if p := m.NRGBAAt(want.Min.X+10, want.Min.Y+5); p != blue {
			t.Errorf("gravity %v: %v in its middle", g, p)
		}
		if p := m.NRGBAAt(want.Min.X-2, want.Min.Y+5); p != white {
			t.Errorf("gravity %v: %v beside it", g, p)
		}
	}
}

// TestMarkSizes: scale is a part of the result's width, whatever the mark's own
// size is; what is too large is made as large as the result.
func TestMarkSizes(t *testing.T) {
	t.Parallel()
	src := resizetest.PNG(painted(200, 100, white))
	svg := []byte(svgStart + `viewBox="0 0 20 10"><rect width="20" height="10" fill="#00f"/></svg>`)
	for _, mark := range [][]byte{resizetest.PNG(painted(20, 10, blue)), resizetest.JPEG(painted(400, 200, blue)), svg} {
		for _, c := range []struct {
			scale float64
			ops   string
			want  image.Rectangle
		}{
			{0.5, "dpr_1", image.Rect(50, 25, 150, 75)},
			{0.25, "dpr_1", image.Rect(75, 38, 125, 63)},
			{0.5, "100x", image.Rect(25, 13, 75, 38)},
			{1, "40x40,fit_fill", image.Rect(0, 10, 40, 30)},
			{0.5, "dpr_1,rot_90", image.Rect(25, 88, 75, 113)},
			{0.2, "100x100,fit_contain,bg_ffffff", image.Rect(40, 45, 60, 55)},
		} {
			e := marked(t, watermark.Watermark{Image: mark, Opacity: 1, Scale: c.scale})
			m := view(t, e, src, c.ops+",wm_m,f_png")
			got := blueIn(m)
			if d := max(absolute(got.Min.X-c.want.Min.X), absolute(got.Min.Y-c.want.Min.Y), absolute(got.Max.X-c.want.Max.X), absolute(got.Max.Y-c.want.Max.Y)); d > 1 {
				t.Errorf("scale %v, %s: %v, want %v", c.scale, c.ops, got, c.want)
			}
		}
	}
	large := resizetest.PNG(painted(500, 500, blue))
	for g, want := range map[variant.Gravity]image.Rectangle{
		variant.GravityNW: image.Rect(0, 0, 100, 100), variant.GravityCenter: image.Rect(50, 0, 150, 100), variant.GravitySE: image.Rect(100, 0, 200, 100),
	} {
		e := marked(t, watermark.Watermark{Image: large, Opacity: 1, Gravity: g})
		if got := blueIn(view(t, e, src, "dpr_1,wm_m,f_png")); got != want {
			t.Errorf("too large, gravity %v: %v, want %v", g, got, want)
		}
		e = marked(t, watermark.Watermark{Image: large, Opacity: 1, Gravity: g, Tile: true})
		if got := blueIn(view(t, e, src, "dpr_1,wm_m,f_png")); got != image.Rect(0, 0, 200, 100) {
			t.Errorf("too large, tiled: %v", got)
		}
	}
	e := marked(t, watermark.Watermark{Image: resizetest.PNG(painted(9, 9, blue)), Opacity: 1, Gravity: variant.GravityNW, Margin: 500})
	if got := blueIn(view(t, e, src, "dpr_1,wm_m,f_png")); !got.Empty() {
		t.Errorf("a margin beyond the picture: %v", got)
	}
}

func absolute(x int) int { return max(x, -x) }

// TestMarkOpacity on all kinds of pictures.
func TestMarkOpacity(t *testing.T) {
	t.Parallel()
	square := painted(40, 40, blue)
	half := painted(40, 40, color.NRGBA{0, 0, 255, 128})
	for _, c := range []struct {
		name    string
		mark    *image.NRGBA
		opacity float64
		src     *image.NRGBA
		want    color.NRGBA
	}{
		{"full", square, 1, painted(80, 80, white), blue},
		{"half", square, 0.5, painted(80, 80, white), color.NRGBA{127, 127, 255, 255}},
		{"a fifth", square, 0.2, painted(80, 80, white), color.NRGBA{204, 204, 255, 255}},
		{"half of half", half, 0.5, painted(80, 80, white), color.NRGBA{191, 191, 255, 255}},
		{"on nothing", square, 1, painted(80, 80, color.NRGBA{}), blue},
		{"half on nothing", square, 0.5, painted(80, 80, color.NRGBA{}), color.NRGBA{0, 0, 255, 128}},
		{"half on half red", square, 0.5, painted(80, 80, color.NRGBA{255, 0, 0, 128}), color.NRGBA{85, 0, 170, 192}},
		{"white on black", painted(40, 40, white), 0.5, painted(80, 80, color.NRGBA{0, 0, 0, 255}), color.NRGBA{128, 128, 128, 255}},
	} {
		e := marked(t, watermark.Watermark{Image: resizetest.PNG(c.mark), Opacity: c.opacity})
		m := view(t, e, resizetest.PNG(c.src), "dpr_1,wm_m,f_png")
		if got := m.NRGBAAt(40, 40); off(got, c.want) > 1 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got, want := m.NRGBAAt(5, 5), c.src.NRGBAAt(5, 5); off(got, want) > 1 && want.A > 0 {
			t.Errorf("%s: beside it %v, want %v", c.name, got, want)
		}
	}
	e := marked(t, watermark.Watermark{Image: resizetest.PNG(square), Opacity: 1})
	for _, name := range []string{"gray.jpg", "gray-alpha.png", "gray16.png", "cmyk.jpg", "palette.png", "orientation-6.jpg", "16bit-p3.png"} {
		for _, ops := range []string{"80x80", "80x80,gray", "80x80,fit_contain,bg_808080"} {
			m := view(t, e, testdata(t, "odd/"+name), ops+",wm_m,f_png")
			if got := m.NRGBAAt(m.Rect.Dx()/2, m.Rect.Dy()/2); got != blue {
				t.Errorf("%s, %s: %v", name, ops, got)
			}
		}
	}
}

// TestMarkTiles covers all of the result.
func TestMarkTiles(t *testing.T) {
	t.Parallel()
	src := resizetest.PNG(painted(200, 100, white))
	e := marked(t, watermark.Watermark{Image: resizetest.PNG(painted(10, 10, blue)), Opacity: 1, Tile: true, Margin: 10})
	m := view(t, e, src, "dpr_1,wm_m,f_png")
	n := 0
	for _, p := range pixelsOf(m) {
		if p == blue {
			n++
		} else if p != white {
			t.Fatalf("a pixel is %v", p)
		}
	}
	if n != 200*100/4 {
		t.Errorf("%d pixels are of the mark, want %d", n, 200*100/4)
	}
	if m.NRGBAAt(5, 5) != blue || m.NRGBAAt(185, 85) != blue || m.NRGBAAt(19, 19) != white {
		t.Errorf("%v, %v, %v", m.NRGBAAt(5, 5), m.NRGBAAt(185, 85), m.NRGBAAt(19, 19))
	}
}

// TestMarkText: letters in their colour, of the width that is asked for; markup
// has no meaning.
func TestMarkText(t *testing.T) {
	t.Parallel()
	src := resizetest.PNG(painted(400, 200, white))
	for _, text := range []string{"Thumbery", "<b>&amp;", "© 2024 Ünïcödé"} {
		e := marked(t, watermark.Watermark{Text: text, Font: "sans bold", Color: variant.Color{B: 255, A: 255, Set: true}, Opacity: 1, Scale: 0.5})
		m := view(t, e, src, "dpr_1,wm_m,f_png")
		box := blueIn(m)
		if box.Dx() < 180 || box.Dx() > 206 || box.Dy() < 15 || absolute(box.Min.X+box.Max.X-400) > 12 {
			t.Errorf("%q stands in %v", text, box)
		}
		n := 0
		for _, p := range pixelsOf(m) {
			if p == blue {
				n++
			} else if p.R != p.G || p.B < 253 {
				t.Fatalf("%q: a pixel is %v", text, p)
			}
		}
		if n < 300 {
			t.Errorf("%q: %d pixels are blue", text, n)
		}
	}
	small := marked(t, watermark.Watermark{Text: "Thumbery", Font: "sans 12", Color: variant.Color{B: 255, A: 255, Set: true}, Opacity: 1})
	if box := blueIn(view(t, small, src, "dpr_1,wm_m,f_png")); box.Dy() < 8 || box.Dy() > 16 {
		t.Errorf("12 points stand in %v", box)
	}
	faint := marked(t, watermark.Watermark{Text: "MMMMMM", Font: "sans bold 40", Color: variant.Color{B: 255, A: 128, Set: true}, Opacity: 1})
	strong := 255
	for _, p := range pixelsOf(view(t, faint, src, "dpr_1,wm_m,f_png")) {
		strong = min(strong, int(p.R))
	}
	if strong < 120 || strong > 135 {
		t.Errorf("ink of half alpha leaves %d of red", strong)
	}
}

func TestMarkMistakes(t *testing.T) {
	for name, w := range map[string]watermark.Watermark{
		"no picture": {Image: []byte("nonsense")}, "a broken one": {Image: testdata(t, "odd/truncated.png")}, "a PDF": {Image: testdata(t, "odd/pages.pdf")},
		"no bytes": {},
	} {
		w.Name, w.Opacity = "m", 1
		if _, err := New(engine.Config{Formats: header.AllFormats.Without(variant.PDF), Watermarks: []watermark.Watermark{w}}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	e := defaultEngine(t)
	h := headerOf(t, testdata(t, "odd/disc.png"))
	_, err := resize.NewPlan(h, variant.Variant{Width: 10, Watermark: "away"}, 0, settings(e))
	if v, ok := errors.AsType[*variant.Error](err); !ok || v.Option != "wm_away" {
		t.Errorf("one that is not there: %v", err)
	}
}
