package vips

import (
	"errors"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// TestPNGMatrix: every kind of colour and depth, with a transparent colour and
// without, interlaced or not.
func TestPNGMatrix(t *testing.T) {
	t.Parallel()
	e := matrixEngine(t)
	n := 0
	for kind, depths := range [][]int{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}} {
		for _, depth := range sample.Every(2, depths) {
			for _, interlaced := range []bool{false, true} {
				for _, transparent := range []bool{false, kind < 4} {
					f := flatPNG{kind, depth, interlaced, transparent}
					p := flat{sprint("%+v", f), f.encode(), true, true, f.shows, 2}
					n++
					more := manyOptions[n%len(manyOptions):]
					p.check(t, e, more[:min(4, len(more))]...)
				}
			}
		}
	}
}

// jpegs are all that a JPEG can be of, as far as it is read.
func jpegs() []flatJPEG {
	ycc := func(c color.NRGBA) []uint8 { y, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B); return []uint8{y, cb, cr} }
	rgb := func(c color.NRGBA) []uint8 { return []uint8{c.R, c.G, c.B} }
	grey := func(c color.NRGBA) []uint8 { return []uint8{c.G} }
	adobes := func(c color.NRGBA) []uint8 { return []uint8{c.R, c.G, c.B, 255} }
	ycck := func(c color.NRGBA) []uint8 { return append(ycc(color.NRGBA{255 - c.R, 255 - c.G, 255 - c.B, 0}), 255) }
	jfif := []byte("\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
	return []flatJPEG{
		{"grey", 0, 8, "\x01", jfif, grey, true},
		{"grey, bare", 1, 8, "\x01", nil, grey, true},
		{"grey, Adobe", 0, 8, "\x01", adobe(0), grey, true},
		{"YCbCr", 0, 8, "\x01\x02\x03", jfif, ycc, true},
		{"YCbCr, bare", 0, 8, "\x01\x02\x03", nil, ycc, true},
		{"YCbCr, Adobe", 1, 8, "\x01\x02\x03", adobe(1), ycc, true},
		{"RGB, Adobe", 0, 8, "\x01\x02\x03", adobe(0), rgb, true},
		{"RGB by name", 0, 8, "RGB", nil, rgb, true},
		{"CMYK, bare", 0, 8, "\x01\x02\x03\x04", nil, adobes, false},
		{"CMYK, Adobe", 0, 8, "\x01\x02\x03\x04", adobe(0), adobes, false},
		{"YCCK", 0, 8, "\x01\x02\x03\x04", adobe(2), ycck, false},
	}
}

// TestJPEGMatrix: all kinds of components, however they are told, and those that are
// not read.
func TestJPEGMatrix(t *testing.T) {
	t.Parallel()
	e := matrixEngine(t)
	for _, f := range jpegs() {
		p := flat{f.name, f.encode(), true, true, opaqueOf, 4}
		switch {
		case !f.exact:
			p.off = 64
		case len(f.ids) == 1:
			p.shows = greyOf
		}
		p.check(t, e, sample.Every(4, manyOptions)...)
	}
	grey := jpegs()[0]
	for _, f := range []flatJPEG{
		{"12 bits", 1, 12, "\x01", nil, grey.samples, true},
		{"lossless", 3, 8, "\x01", nil, grey.samples, true},
		{"16 bits, lossless", 3, 16, "\x01", nil, grey.samples, true},
		{"differential", 5, 8, "\x01", nil, grey.samples, true},
		{"lossless, arithmetic", 11, 8, "\x01", nil, grey.samples, true},
		{"two components", 0, 8, "\x01\x02", nil, func(c color.NRGBA) []uint8 { return []uint8{c.G, c.B} }, true},
		{"five components", 0, 8, "\x01\x02\x03\x04\x05", nil, func(c color.NRGBA) []uint8 { return []uint8{c.G, c.B, 0, 0, 0} }, true},
	} {
		for _, ops := range append(sample.Every(4, manyOptions), plainly) {
			if _, err := asked(e, f.encode(), ops); !errors.Is(err, header.ErrNotPicture) {
				t.Errorf("%s, %s: %v, want ErrNotPicture", f.name, ops, err)
			}
		}
	}
}

func opaqueOf(c color.NRGBA) color.NRGBA { return color.NRGBA{c.R, c.G, c.B, 255} }
func greyOf(c color.NRGBA) color.NRGBA   { return color.NRGBA{c.G, c.G, c.G, 255} }

// TestDepthMatrix: deep and shallow pictures in formats that only libvips writes,
// with alpha and without, in colour and grey.
func TestDepthMatrix(t *testing.T) {
	t.Parallel()
	e := matrixEngine(t)
	lossless, av1, fine := op.Set("lossless", true), op.Set("compression", "av1"), op.Set("Q", 95)
	writers := []struct {
		name, space, saver string
		args               []op.Arg
	}{
		{"JPEG XL", "srgb", "jxlsave_buffer", []op.Arg{lossless}},
		{"JPEG XL, deep", "rgb16", "jxlsave_buffer", []op.Arg{lossless}},
		{"JPEG XL, linear floats", "scrgb", "jxlsave_buffer", []op.Arg{lossless}},
		{"JPEG XL, lossy", "srgb", "jxlsave_buffer", []op.Arg{fine}},
		{"AVIF", "srgb", "heifsave_buffer", []op.Arg{av1, lossless}},
		{"AVIF, deep", "srgb", "heifsave_buffer", []op.Arg{av1, fine, op.Set("bitdepth", 12)}},
		{"WebP", "srgb", "webpsave_buffer", []op.Arg{lossless}},
		{"WebP, lossy", "srgb", "webpsave_buffer", []op.Arg{fine}},
	}
	for kind, colour := range map[string]int{"grey": 0, "RGB": 2, "grey with alpha": 4, "RGB with alpha": 6} {
		f := flatPNG{kind: colour, depth: 8}
		for _, w := range sample.Every(3, writers) {
			src := writtenByVips(t, e, f.encode(), w.saver, w.args, inSpace(w.space))
			flat{kind + ", " + w.name, src, true, true, f.shows, 6}.check(t, e, sample.Every(4, manyOptions)...)
		}
	}
}

// inSpace brings a picture to a colour space.
func inSpace(space string) func(*run, op.Image) op.Image {
	return func(r *run, im op.Image) op.Image {
		alpha := r.hasAlpha(im)
		im = r.Do("colourspace", op.On(im), op.Set("space", space))
		if alpha && space == "scrgb" { // libvips leaves alpha up to 255 where 1 is meant
			im = r.Do("linear", op.On(im), op.Set("a", []float64{1, 1, 1, 1 / 255.}), op.Set("b", []float64{0, 0, 0, 0}))
			im = r.Do("copy", op.On(im), op.Set("interpretation", space))
		}
		return im
	}
}

// writtenByVips is what a saver of libvips makes of a picture that is changed before.
func writtenByVips(t *testing.T, e *Engine, src []byte, saver string, args []op.Arg, changes ...func(*run, op.Image) op.Image) []byte {
	t.Helper()
	j := job{run: newRun(), engine: e}
	defer j.Close()
	im := j.InMemory(j.Open(loaders[headerOf(t, src).Format].operation, src))
	for _, change := range changes {
		im = change(j.run, im)
	}
	out := j.Save(saver, append(args, op.On(im))...)
	if j.Err != nil {
		t.Fatalf("%s: %v", saver, j.Err)
	}
	return out
}
