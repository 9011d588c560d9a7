package vips

import (
	"errors"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize/header"
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
	sample.Skip(t, "starts the command vips")
	t.Parallel()
	e := matrixEngine(t)
	for kind, colour := range map[string]int{"grey": 0, "RGB": 2, "grey with alpha": 4, "RGB with alpha": 6} {
		f := flatPNG{kind: colour, depth: 8}
		for _, c := range []struct{ space, save string }{
			{"srgb", "x.jxl[lossless]"},
			{"rgb16", "x.jxl[lossless]"},
			{"scrgb", "x.jxl[lossless]"}, // linear floats
			{"srgb", "x.jxl[Q=95]"},
			{"srgb", "x.avif[lossless]"},
			{"srgb", "x.avif[bitdepth=12,Q=95]"},
			{"srgb", "x.webp[lossless]"},
			{"srgb", "x.webp[Q=95]"},
		} {
			src := writtenByVips(t, f.encode(), c.space, c.save)
			flat{kind + ", " + c.space + ", " + c.save, src, true, true, f.shows, 6}.check(t, e, manyOptions...)
		}
	}
}

// writtenByVips is what the command makes of a PNG that is brought to a colour space.
func writtenByVips(t *testing.T, src []byte, space, save string) []byte {
	t.Helper()
	dir := t.TempDir()
	in, between := filepath.Join(dir, "in.png"), filepath.Join(dir, "x.v")
	if err := os.WriteFile(in, src, 0o600); err != nil {
		t.Fatal(err)
	}
	steps := [][]string{{"colourspace", in, between, space}, {"copy", between, filepath.Join(dir, save)}}
	if headerOf(t, src).Alpha && space == "scrgb" { // libvips leaves alpha up to 255 where 1 is meant
		scaled := filepath.Join(dir, "scaled.v")
		steps = [][]string{steps[0], {"linear", between, scaled, "1 1 1 0.00392156863", "0"}, {"copy", scaled, filepath.Join(dir, save), "--interpretation", "scrgb"}}
	}
	for _, args := range steps {
		if said, err := exec.Command("vips", args...).CombinedOutput(); err != nil {
			t.Skipf("vips %v, of libvips-tools: %v, %s", args, err, said)
		}
	}
	file, _, _ := strings.Cut(save, "[")
	return testfile(t, filepath.Join(dir, file))
}
