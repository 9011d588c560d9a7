package vips

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// faint is the alpha up to which a colour cannot be told: what is multiplied by
// it has few steps left.
const faint = 8

// isPure reports the worst distance from c of what is not faint, and how many
// pixels are between transparent and opaque.
func isPure(m *image.NRGBA, c color.NRGBA) (worst, soft int) {
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			p := m.NRGBAAt(x, y)
			if p.A > faint && p.A < 255 {
				soft++
			}
			if p.A > faint {
				worst = max(worst, off(p, color.NRGBA{c.R, c.G, c.B, p.A}))
			}
		}
	}
	return worst, soft
}

var red = color.NRGBA{255, 0, 0, 255}

// TestPureEdge: a disc keeps its colour up to its soft edge.
func TestPureEdge(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range []string{"disc.png", "disc.webp", "alpha.png"} {
		src := testdata(t, "odd/"+name)
		for _, ops := range sample.Every(4, []string{
			"dpr_1", "200x200", "97x", "33x33", "9x9", "150x60,fit_fill", "100x70,fit_contain", "120x60,g_ne", "500x500,up_1", "50x50,crop_0_0_50p_50p",
			"80x80,rot_90", "80x,pad_9", "100x,blur_3", "100x,blur_9", "100x,pixel_7", "100x,round_40", "100x,flip_h,round_12", "100x,sharp_1", "100x,sharp_3", "100x,sat_0,contrast_0",
		}) {
			for i, f := range []string{"f_png", "f_png,bg_ff000001", "f_webp,lossless"} {
				if i > 0 && name != "disc.png" {
					continue
				}
				m := view(t, e, src, ops+","+f)
				if worst, soft := isPure(m, red); worst > 0 || soft == 0 {
					t.Errorf("%s, %s,%s: red is %d off, %d pixels are soft", name, ops, f, worst, soft)
				}
			}
		}
	}
}

// TestOtherEdges: other colours, which do not divide as evenly, in 8 and 16 bits.
func TestOtherEdges(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, c := range sample.Every(2, []color.NRGBA{{200, 100, 50, 255}, {17, 130, 244, 255}, {255, 255, 255, 255}, {90, 90, 90, 255}}) {
		disc := func(x, y int) color.NRGBA {
			d := (x-100)*(x-100) + (y-100)*(y-100)
			return color.NRGBA{c.R, c.G, c.B, uint8(min(255, max(0, (10000-d)/12)))}
		}
		m := drawnBy(200, 200, disc)
		deep := image.NewNRGBA64(m.Rect)
		for y := range 200 {
			for x := range 200 {
				deep.Set(x, y, m.At(x, y))
			}
		}
		for depth, src := range map[int][]byte{8: resizetest.PNG(m), 16: resizetest.PNG(deep)} {
			for _, ops := range []string{"150x", "50x", "21x21", "60x,blur_2", "60x,pixel_5"} {
				out := view(t, e, src, ops+",f_png")
				worst, sum, n := 0, 0, 0
				for _, p := range pixelsOf(out) {
					if p.A < 32 {
						continue
					}
					// What is seen of it: where the filter swings beyond opaque, alpha ends
					// and colours go on.
					worst = max(worst, off(p, color.NRGBA{c.R, c.G, c.B, p.A})*int(p.A)/255)
					sum, n = sum+int(p.R)-int(c.R), n+1
				}
				if mean := float64(sum) / float64(n); worst > 8 || mean < -0.6 || mean > 0.6 {
					t.Errorf("%v in %d bits, %s: %d off, %.2f in the mean", c, depth, ops, worst, mean)
				}
			}
		}
	}
}

func pixelsOf(m *image.NRGBA) []color.NRGBA {
	var list []color.NRGBA
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			list = append(list, m.NRGBAAt(x, y))
		}
	}
	return list
}

// TestFlattened: on a ground there is nothing darker than that ground and red.
func TestFlattened(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range []string{"disc.png", "disc.webp", "alpha.png"} {
		src := testdata(t, "odd/"+name)
		for _, ops := range sample.Every(3, []string{"100x", "60x60,fit_contain", "100x,pad_5", "50x50,round_10", "90x,blur_2", "31x31,pixel_4"}) {
			m := view(t, e, src, ops+",f_png,bg_ffffff")
			for i, p := range pixelsOf(m) {
				if p.A != 255 || p.R < 254 || max(p.G, p.B)-min(p.G, p.B) > 1 {
					t.Fatalf("%s, %s, pixel %d on white: %v", name, ops, i, p)
				}
			}
			out, _ := makeOf(t, e, src, ops+",f_jpeg,q_95")
			for i, p := range pixelsOf(decoded(t, e, out)) {
				if p.R < 225 { // its chroma is of 2x2 pixels
					t.Fatalf("%s, %s, pixel %d as JPEG: %v", name, ops, i, p)
				}
			}
			blue := view(t, e, src, ops+",f_png,bg_0000ff")
			for i, p := range pixelsOf(blue) { // red and blue always make 255
				if p.A != 255 || p.G > 0 || max(int(p.R)+int(p.B)-255, 255-int(p.R)-int(p.B)) > 1 {
					t.Fatalf("%s, %s, pixel %d on blue: %v", name, ops, i, p)
				}
			}
		}
	}
}

// TestThinGround: a background one can see through.
func TestThinGround(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := resizetest.PNG(resizetest.Transparent(100, 100, red))
	half := resizetest.PNG(painted(100, 100, color.NRGBA{255, 0, 0, 128}))
	gray := testdata(t, "odd/gray-alpha.png")
	for _, c := range []struct {
		name, ops string
		src       []byte
		x, y      int
		want      color.NRGBA
	}{
		{"over nothing", "dpr_1,bg_0000ff80", src, 10, 50, color.NRGBA{0, 0, 255, 128}},
		{"over red", "dpr_1,bg_0000ff80", src, 90, 50, red},
		{"half on half", "dpr_1,bg_0000ff80", half, 50, 50, color.NRGBA{170, 0, 85, 192}},
		{"half on white", "dpr_1,bg_ffffff", half, 50, 50, color.NRGBA{255, 127, 127, 255}},
		{"half in its pad", "dpr_1,pad_10,bg_0000ff80", half, 3, 3, color.NRGBA{0, 0, 255, 128}},
		{"half, in its letterbox", "100x50,fit_contain,bg_00ff0040", half, 3, 3, color.NRGBA{0, 255, 0, 64}},
		{"a corner", "dpr_1,round_50,bg_0000ff80", half, 1, 1, color.NRGBA{}},
		{"a corner on opaque", "dpr_1,round_50,bg_0000ff", half, 1, 1, color.NRGBA{0, 0, 255, 255}},
		{"grey on colour", "dpr_1,bg_ff8800", gray, 2, 2, color.NRGBA{255, 136, 0, 255}},
		{"grey disc on colour", "dpr_1,bg_ff8800", gray, 100, 100, color.NRGBA{255, 255, 255, 255}},
		{"grey on thin colour", "dpr_1,bg_ff880080", gray, 2, 2, color.NRGBA{255, 136, 0, 128}},
		{"grey in a coloured pad", "50x,pad_5,bg_ff8800", gray, 1, 1, color.NRGBA{255, 136, 0, 255}},
		{"grey effect on colour", "dpr_1,gray,bg_0000ff", src, 10, 50, color.NRGBA{0, 0, 255, 255}},
	} {
		got := view(t, e, c.src, c.ops+",f_png").NRGBAAt(c.x, c.y)
		if off(got, c.want) > 1 && (got.A > 0 || c.want.A > 0) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestGrayAlpha: white stays white at its edge, and grey stays grey.
func TestGrayAlpha(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, ops := range []string{"dpr_1", "50x", "31x31,fit_contain", "80x,blur_2", "80x,rot_90,pad_3", "80x,sharp_2"} {
		m := view(t, e, testdata(t, "odd/gray-alpha.png"), ops+",f_png")
		if worst, soft := isPure(m, color.NRGBA{255, 255, 255, 255}); worst > 1 || soft == 0 {
			t.Errorf("%s: white is %d off, %d soft pixels", ops, worst, soft)
		}
	}
}

// TestHoles: transparent colours, of a palette and of one colour that is meant to
// be transparent, stay holes, without the colour that stands in them.
func TestHoles(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/palette.png")
	for _, f := range []string{"f_png", "f_webp", "f_gif", "f_avif"} {
		m := view(t, e, src, "dpr_1,"+f)
		if h := m.NRGBAAt(220, 80); h.A > 2 {
			t.Errorf("%s: the hole is %v", f, h)
		}
		if p := m.NRGBAAt(20, 20); p.A < 253 {
			t.Errorf("%s: beside the hole is %v", f, p)
		}
	}
	half := view(t, e, src, "120x,f_png")
	full := view(t, e, src, "dpr_1,f_png")
	beside := full.NRGBAAt(220, 80+20)
	for y := 70 / 2; y < 95/2; y++ { // down through the rim of the hole
		if p := half.NRGBAAt(110, y); p.A > 60 && off(p, color.NRGBA{beside.R, beside.G, beside.B, p.A}) > 90 {
			t.Errorf("at the rim, row %d: %v beside %v", y, p, beside)
		}
	}
}

// TestAlphaFormats: each output with alpha keeps it.
func TestAlphaFormats(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/disc.png")
	want := view(t, e, src, "100x,f_png")
	for _, f := range allOutputs {
		out, p := makeOf(t, e, src, fmt.Sprintf("100x,f_%v,q_90", f))
		if f == variant.JPEG {
			if !p.Flattened() || headerOf(t, out).Alpha {
				t.Error("a JPEG with alpha")
			}
			continue
		}
		if !headerOf(t, out).Alpha {
			t.Errorf("%v has no alpha", f)
		}
		got, want := decoded(t, e, out), want
		if f == variant.GIF { // which has alpha of one bit
			want = view(t, e, src, "100x,f_png")
			thresholded(want)
		}
		if mean, worst := differ(t, got, want); mean > 1.5 {
			t.Errorf("%v: %.2f off in the mean, %d at worst", f, mean, worst)
		}
	}
}

// thresholded makes every pixel opaque or nothing.
func thresholded(m *image.NRGBA) {
	for i := 0; i < len(m.Pix); i += 4 {
		if m.Pix[i+3] < 128 {
			clear(m.Pix[i : i+4])
		} else {
			m.Pix[i+3] = 255
		}
	}
}
