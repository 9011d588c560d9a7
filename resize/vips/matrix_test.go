package vips

import (
	"bytes"
	"context"
	"errors"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/info"
	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/watermark"
)

// plainly shows a picture as it is.
const plainly = "dpr_1,f_png"

// manyOptions reach all that is done to pixels, and "info" is what /info/ answers.
var manyOptions = []string{
	"10x7,f_jpeg", "40x30,up_1,f_webp", "crop_1_1_5_9,f_png", "blur_1,sharp_1,sat_20,f_png", "gray,contrast_20,f_png",
	"trim,f_png", "8x8,g_smart,f_jpeg", "round_2,f_png", "20x20,fit_contain,bg_336699,f_png", "pad_3,f_webp,lossless",
	"rot_90,wm_logo,f_png", "bright_10,flip_h,f_avif", "pixel_3,f_gif", "info",
}

func matrixEngine(t *testing.T) *Engine {
	return engineOf(t, engine.Config{Watermarks: []watermark.Watermark{{Name: "logo", Text: "x", Font: "sans 6", Opacity: 0.5}}})
}

// asked is the error of one request, as the pipeline carries it out.
func asked(e *Engine, src []byte, ops string) ([]byte, error) {
	if ops != "info" {
		return make1(e, src, ops)
	}
	ctx := context.Background()
	h, err := inspect(e, src, 1)
	if err != nil {
		return nil, err
	}
	d := info.NewDescriber(e, settings(e))
	p, err := d.Plan(h)
	if err != nil {
		return nil, err
	}
	return d.Describe(ctx, resize.InMemory(src), h, p, true)
}

// theirs reports whether an error is not our own failure.
func theirs(err error) bool {
	_, unsupported := errors.AsType[*resize.UnsupportedError](err)
	return unsupported || slices.ContainsFunc([]error{
		nil, header.ErrNotPicture, header.ErrBroken, header.ErrTooLarge, resize.ErrBytes,
	}, func(kind error) bool { return errors.Is(err, kind) })
}

// flat is a picture with two colours of which may be known how they look.
type flat struct {
	name  string
	src   []byte
	known bool // what its colours are; otherwise it must be refused
	read  bool // it must not be refused
	shows func(color.NRGBA) color.NRGBA
	off   int // by how much a sample may differ
}

// check asks for a picture plainly and in other ways: no answer may be our failure,
// and none may be another picture.
func (f flat) check(t *testing.T, e *Engine, more ...string) {
	t.Helper()
	out, err := asked(e, f.src, plainly)
	switch {
	case !theirs(err), err != nil && f.read:
		t.Errorf("%s: %v", f.name, err)
	case err == nil && !f.known:
		t.Errorf("%s: a picture, though nobody knows its colours", f.name)
	case err == nil:
		m := decoded(t, e, out)
		for _, y := range []int{1, flatH - 2} {
			got, want := seen(m.NRGBAAt(3, y)), seen(f.shows(flatAt(y)))
			for i := range got {
				if math.Abs(float64(got[i]-want[i])) > float64(f.off) {
					t.Errorf("%s, row %d: %v, want %v", f.name, y, got, want)
					break
				}
			}
		}
	}
	for _, ops := range more {
		if _, again := asked(e, f.src, ops); !theirs(again) || (again == nil) != (err == nil) {
			t.Errorf("%s, %s: %v; plainly: %v", f.name, ops, again, err)
		}
	}
}

// flat is the picture that f writes. What is read is what was read before, and right.
func (f tiff) flat() flat {
	p := flat{name: sprint("%+v", f), src: f.encode(), known: f.known(), shows: f.shows, off: 3}
	if f.photo == photoCMYK {
		p.off = 64 // inks are not light
	}
	whole := f.bits == 8 || f.bits == 16
	copied := f.photo == photoRGB || f.photo == photoCMYK
	decoded := f.samples
	if f.photo == photoPalette {
		decoded += 2 // an index is three colours
	}
	p.read = p.known && whole && decoded*f.bits <= 64 && // more than 8 bytes are too many
		f.photo != photoYCbCr && (f.photo != photoLab || f.samples == 3) &&
		(!f.separate || copied || f.samples == 1 && f.photo != photoLab)
	return p
}

// TestTIFFMatrix: every kind of samples gives the right picture or is refused as none
// that is read, with every option.
func TestTIFFMatrix(t *testing.T) {
	e := matrixEngine(t)
	for _, photo := range []int{
		photoWhite, photoBlack, photoRGB, photoPalette, photoMask, photoCMYK, photoYCbCr, photoLab, photoICCLab, photoITULab,
		photoCFA, photoLogL, photoLogLuv, 777,
	} {
		t.Run(sprint("photometric %d", photo), func(t *testing.T) {
			t.Parallel()
			n := 0
			for _, depth := range []int{1, 2, 4, 8, 16, 32, 64} {
				for _, format := range []int{0, sampleUint, sampleInt, sampleFloat, sampleVoid, sampleComplex} {
					for samples := 1; samples <= 7; samples++ {
						f := tiff{photo: photo, bits: depth, format: format, samples: samples, separate: n%3 == 1, big: n%2 == 1, rows: 5 * (n % 4 / 3)}
						if extra := samples - f.colours(); extra > 0 && f.colours() > 0 {
							f.extra = append([]int{2 * (n % 2)}, make([]int, extra-1)...)
						}
						if f.writable() {
							if !sample.Only() || n%11 == 0 {
								f.flat().check(t, e, manyOptions[n%len(manyOptions)])
							}
							n++
						}
					}
				}
			}
		})
	}
}

// writable leaves out what no TIFF can have.
func (f tiff) writable() bool {
	return (f.format != sampleFloat || f.bits >= 16) && (f.format != sampleComplex || f.bits == 64) && (!f.separate || f.bits >= 8 || f.samples == 1)
}

// TestTIFFOptions: those that are read, and some that are not, with all options.
func TestTIFFOptions(t *testing.T) {
	e := matrixEngine(t)
	profile := builtIn(t, "p3")
	for _, f := range sample.Every(5, []tiff{
		{photo: photoBlack, bits: 1, samples: 1},
		{photo: photoWhite, bits: 4, samples: 1},
		{photo: photoBlack, bits: 8, samples: 3, extra: []int{2, 0}},
		{photo: photoBlack, bits: 16, samples: 2, extra: []int{2}},
		{photo: photoBlack, bits: 16, samples: 5},
		{photo: photoRGB, bits: 8, samples: 7},
		{photo: photoRGB, bits: 16, samples: 4, extra: []int{2}},
		{photo: photoRGB, bits: 8, samples: 5, extra: []int{2, 0}, separate: true},
		{photo: photoPalette, bits: 8, samples: 2, extra: []int{2}},
		{photo: photoPalette, bits: 16, samples: 1},
		{photo: photoCMYK, bits: 8, samples: 4},
		{photo: photoCMYK, bits: 16, samples: 5, extra: []int{2}},
		{photo: photoCMYK, bits: 8, samples: 6, extra: []int{2, 0}},
		{photo: photoLab, bits: 8, samples: 3},
		{photo: photoLab, bits: 16, samples: 3, profile: profile},
		{photo: photoRGB, bits: 32, samples: 4, format: sampleFloat, extra: []int{2}},
		{photo: photoRGB, bits: 32, samples: 3, format: sampleFloat, profile: profile},
		{photo: photoRGB, bits: 16, samples: 3, format: sampleInt, profile: profile},
		{photo: photoYCbCr, bits: 8, samples: 3},
		{photo: photoBlack, bits: 32, samples: 1, format: sampleFloat},
		{photo: photoBlack, bits: 32, samples: 1, format: sampleInt},
	}) {
		p := f.flat()
		t.Run(p.name[:min(len(p.name), 60)], func(t *testing.T) {
			t.Parallel()
			p.check(t, e, manyOptions...)
		})
	}
}

// TestTIFFOthers: what the matrix does not write.
func TestTIFFOthers(t *testing.T) {
	t.Parallel()
	e := matrixEngine(t)
	var strip bytes.Buffer
	opaque := func(x, y int) color.NRGBA { c := flatAt(y); c.A = 255; return c }
	if err := jpeg.Encode(&strip, drawnBy(flatW, flatH, opaque), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	rgb := func(extra ...int) tiff { return tiff{photo: photoRGB, bits: 8, samples: 3 + len(extra), extra: extra} }
	for _, c := range []struct {
		tiff
		read bool
	}{
		{tiff{photo: photoYCbCr, bits: 8, samples: 3, compression: compressedJPEG, strip: strip.Bytes()}, true},
		{tiff{photo: photoLogLuv, bits: 16, samples: 3, format: sampleInt, compression: compressedLog, strip: logLuv()}, true},
		{tiff{photo: photoLogLuv, bits: 16, samples: 3, format: sampleFloat, compression: compressedLog, strip: logLuv(), profile: builtIn(t, "p3")}, true},
		{tiff{photo: photoCMYK, bits: 8, samples: 4, inkSet: 2}, false},
		{tiff{photo: photoRGB, bits: 8, samples: 3, compression: 6, strip: strip.Bytes()}, false},
		{rgb(0), true},
		{rgb(0, 0), true},
		{rgb(2, 2), true},
		{rgb(0, 2), false}, // its alpha is not where it is looked for
		{rgb(2, 1), false},
	} {
		p := c.flat()
		if p.read = c.read; !c.read {
			p.known = false
		}
		p.check(t, e, sample.Every(4, manyOptions)...)
	}
}

// logLuv is a strip of compression 34676: the four bytes of a row's pixels, plane by
// plane, in runs. Neutral colours have u' and v' of 86 and 194 410ths.
func logLuv() []byte {
	var strip []byte
	for y := range flatH {
		l := int(256 * (math.Log2(linear(float64(flatAt(y).G)/255)) + 64))
		for _, b := range []byte{byte(l >> 8), byte(l), 86, 194} {
			strip = append(strip, 128-2+flatW, b)
		}
	}
	return strip
}
