package vips

import (
	"bytes"
	"errors"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// TestAllToAll: from everything that is read to everything that is written, in
// the right size, format and, about, colours.
func TestAllToAll(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range sample.Every(5, []string{
		"scene.jxl", "scene.jp2", "scene.heic", "scene.avif", "lzw.tif", "lossless.webp", "orientation-6.jpg", "cmyk.jpg", "ycck.jpg", "gray.jpg",
		"palette.png", "16bit-p3.png", "gray-alpha.png", "gray16.png", "16bit.tif", "drawing.svg", "counter.gif", "disc.webp", "interlaced.png",
	}) {
		src := testdata(t, "odd/"+name)
		for _, ops := range []string{"60x40", "40x60,fit_contain,rot_90"} {
			want := view(t, e, src, ops+",f_png,bg_336699,still")
			for _, f := range allOutputs {
				out, _ := makeOf(t, e, src, sprint("%s,f_%v,bg_336699,still,q_90", ops, f))
				mean, worst := differ(t, decoded(t, e, out), want)
				if mean > 4 && (f != variant.WebP || mean > 8) { // whose chroma is of 2x2 pixels
					t.Errorf("%s, %s to %v: %.2f off in the mean, %d at worst", name, ops, f, mean, worst)
				}
			}
		}
	}
}

// TestPages: each page of a TIFF in its own size and depth.
func TestPages(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "odd/pages.tif")
	for page, want := range map[int]struct {
		w, h int
		c    color.NRGBA
	}{1: {120, 80, red}, 2: {80, 120, color.NRGBA{0, 128, 0, 255}}, 3: {60, 60, color.NRGBA{0, 0, 255, 255}}} {
		for _, f := range allOutputs {
			out, _ := makeOf(t, e, src, sprint("page_%d,f_%v,q_95", page, f))
			h := headerOf(t, out)
			if h.Width != want.w || h.Height != want.h || h.Pages != 1 || h.Depth > 8 {
				t.Errorf("page %d as %v: %+v", page, f, h)
			}
			if got := decoded(t, e, out).NRGBAAt(want.w/2, want.h/2); off(got, want.c) > 4 {
				t.Errorf("page %d as %v: %v", page, f, got)
			}
		}
	}
	if m := view(t, e, src, "40x,f_png"); off(m.NRGBAAt(9, 9), red) > 0 {
		t.Errorf("without a page: %v", m.NRGBAAt(9, 9))
	}
}

// TestOddTIFFs: TIFF can hold nearly anything; what comes of it is a picture or an
// error about it, and the right colours where they can be told.
func TestOddTIFFs(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	step := func(name string, args ...op.Arg) func(*run, op.Image) op.Image {
		return func(r *run, im op.Image) op.Image { return r.Do(name, append(args, op.On(im))...) }
	}
	type steps = []func(*run, op.Image) op.Image
	in := func(space string) func(*run, op.Image) op.Image { return step("colourspace", op.Set("space", space)) }
	cast := func(format string) func(*run, op.Image) op.Image { return step("cast", op.Set("format", format)) }
	bands := func(values ...float64) func(*run, op.Image) op.Image {
		return step("bandjoin_const", op.Set("c", values))
	}
	inks := step("icc_transform", op.Set("output_profile", "cmyk"), op.Set("input_profile", "srgb"))
	want := sceneOf(t, e, "120x")
	for _, c := range []struct {
		name  string
		steps steps // each on the result of the one before
		save  []op.Arg
		mean  float64 // how far off it may be; -1 for anything but an error of ours
	}{
		{"jpeg", nil, []op.Arg{op.Set("compression", "jpeg"), op.Set("Q", 95)}, 3},
		{"pyramid", nil, []op.Arg{op.Set("tile", true), op.Set("pyramid", true)}, 1},
		{"1 bit", nil, []op.Arg{op.Set("bitdepth", 1)}, -1},
		{"lab", steps{in("labs")}, nil, 1.5},
		{"lab of floats", steps{in("lab")}, nil, -1}, // too many bytes, as the next
		{"scrgb", steps{in("scrgb")}, nil, -1},
		{"16 bits", steps{in("rgb16")}, nil, 1},
		{"cmyk", steps{inks}, nil, 8},
		{"float grey", steps{in("b-w"), cast("float")}, nil, -1},
		{"32 bits", steps{cast("uint")}, nil, -1},
		{"double", steps{cast("double")}, nil, -1},
		{"complex", steps{cast("complex")}, nil, -1},
		{"two bands", steps{step("extract_band", op.Set("band", 0), op.Set("n", 2))}, nil, -1},
		{"five bands", steps{bands(255, 9)}, nil, -1},
		{"grey", steps{in("b-w")}, nil, -1},
		{"16 bits with alpha", steps{in("rgb16"), bands(65535)}, nil, 1},
		{"ten bands", steps{bands(1, 2, 3, 4, 5, 6, 7)}, nil, -1}, // too many
	} {
		src := writtenByVips(t, e, testdata(t, "odd/orientation-1.jpg"), "tiffsave_buffer", c.save, c.steps...)
		for _, ops := range []string{"120x", "120x,fit_contain,bg_ffffff", "40x,blur_2,sharp_1,sat_20,gray", "30x30,round_5,trim,g_smart"} {
			for _, f := range []string{"png", "jpeg"} {
				out, err := make1(e, src, ops+",f_"+f)
				known := errors.Is(err, header.ErrBroken) || errors.Is(err, header.ErrNotPicture) || errors.Is(err, header.ErrTooLarge)
				switch {
				case err != nil && (c.mean >= 0 || !known):
					t.Errorf("%s, %s,%s: %v", c.name, ops, f, err)
				case err == nil && ops == "120x" && f == "png" && c.mean >= 0:
					mean, worst := differ(t, decoded(t, e, out), want)
					if mean > c.mean {
						t.Errorf("%s: %.2f off in the mean, %d at worst", c.name, mean, worst)
					}
					t.Logf("%s: %.2f off, %d at worst", c.name, mean, worst)
				case err != nil && ops == "120x" && f == "png":
					t.Logf("%s: %v", c.name, err)
				}
			}
		}
	}
}

// TestDefaultFormat: what cannot be written comes as something else.
func TestDefaultFormat(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for name, want := range map[string]variant.Format{
		"scene.heic": variant.JPEG, "scene.jxl": variant.JPEG, "lzw.tif": variant.JPEG, "drawing.svg": variant.PNG, "scene.jp2": variant.JPEG,
		"scene.avif": variant.AVIF, "disc.webp": variant.WebP, "counter.gif": variant.GIF, "disc.png": variant.PNG,
	} {
		out, _ := makeOf(t, e, testdata(t, "odd/"+name), "40x")
		if f, _ := header.Sniff(out); f != want || bytes.Contains(out, []byte("<svg")) {
			t.Errorf("%s comes as %v, want %v", name, f, want)
		}
	}
}
