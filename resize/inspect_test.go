package resize_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

func inspect(b []byte) (resize.Header, error) {
	return resize.Inspect(bytes.NewReader(b), int64(len(b)))
}

func paletted(c color.Color) image.Image {
	return image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Black, c})
}

// header is what most of the samples have in common.
func header(f variant.Format, change func(*resize.Header)) resize.Header {
	h := resize.Header{Format: f, Width: 40, Height: 30, Orientation: 1, Pages: 1, Depth: 8}
	if change != nil {
		change(&h)
	}
	return h
}

func TestInspect(t *testing.T) {
	q := resizetest.Quarters(40, 30)
	photo := resizetest.JPEG(q)
	full := image.Rect(0, 0, 40, 30)
	for _, c := range []struct {
		name string
		src  []byte
		want resize.Header
	}{
		{"jpeg", photo, header(variant.JPEG, nil)},
		{"jpeg, grey", resizetest.JPEG(gray(40, 30)), header(variant.JPEG, func(h *resize.Header) { h.Gray = true })},
		{"jpeg, turned", resizetest.Oriented(photo, 6), header(variant.JPEG, func(h *resize.Header) { h.Orientation = 6 })},
		{"jpeg, orientation 9", resizetest.Oriented(photo, 9), header(variant.JPEG, nil)},
		{"jpeg, orientation 0", resizetest.Oriented(photo, 0), header(variant.JPEG, nil)},
		{"jpeg, progressive CMYK", jpegOf(0xc2, 40, 30, 4, 9), header(variant.JPEG, func(h *resize.Header) { h.Progressive, h.CMYK = true, true })},
		{"jpeg, profile", jpegOf(0xc0, 40, 30, 3, 1, segment(0xe2, []byte("ICC_PROFILE\x00\x01\x01xyz")...)), header(variant.JPEG, func(h *resize.Header) { h.ICC = true })},
		{"jpeg, padded", append(slices.Clone(photo), make([]byte, 40)...), header(variant.JPEG, nil)},
		{"jpeg, with a trailer", append(slices.Clone(photo), strings.Repeat("SEFT trailer ", 9000)...), header(variant.JPEG, nil)},
		{"jpeg, fill bytes", slices.Concat(photo[:2], []byte{0xff, 0xff, 0xff}, photo[2:]), header(variant.JPEG, nil)},

		{"png", resizetest.PNG(q), header(variant.PNG, nil)},
		{"png, alpha", resizetest.PNG(resizetest.Transparent(40, 30, color.NRGBA{})), header(variant.PNG, func(h *resize.Header) { h.Alpha = true })},
		{"png, grey 16", resizetest.PNG(image.NewGray16(full)), header(variant.PNG, func(h *resize.Header) { h.Gray, h.Depth = true, 16 })},
		{"png, palette", resizetest.PNG(paletted(color.White)), header(variant.PNG, func(h *resize.Header) { h.Depth = 1 })},
		{"png, transparent palette", resizetest.PNG(paletted(color.NRGBA{1, 2, 3, 4})), header(variant.PNG, func(h *resize.Header) { h.Depth, h.Alpha = 1, true })},
		{"png, turned", resizetest.Oriented(resizetest.PNG(q), 5), header(variant.PNG, func(h *resize.Header) { h.Orientation = 5 })},
		{"png, trailing bytes", append(resizetest.PNG(q), "more"...), header(variant.PNG, nil)},

		{"gif", gifOf(t, 40, 30, false, full), header(variant.GIF, nil)},
		{"gif, animated, transparent", gifOf(t, 40, 30, true, full, full, full), header(variant.GIF, func(h *resize.Header) { h.Alpha, h.Pages = true, 3 })},
		{"gif, frame smaller than the screen", gifOf(t, 40, 30, false, image.Rect(0, 0, 40, 29)), header(variant.GIF, func(h *resize.Header) { h.Alpha = true })},
		{"gif, no trailer", bytes.TrimSuffix(gifOf(t, 40, 30, false, full), []byte{0x3b}), header(variant.GIF, nil)},
		{"gif, a screen that is not believed", gifScreen(gifOf(t, 40, 30, false, full), 640, 480), header(variant.GIF, nil)},
		{"gif, a later frame beyond the screen", gifScreen(gifOf(t, 90, 80, false, full, image.Rect(0, 0, 90, 80)), 10, 10), header(variant.GIF, func(h *resize.Header) { h.Pages = 2 })},
		{"gif, frame beyond the screen", gifScreen(gifOf(t, 40, 30, false, full), 10, 40), header(variant.GIF, func(h *resize.Header) { h.Height = 40; h.Alpha = true })},

		{"webp, lossy", webpOf(vp8(40, 30)), header(variant.WebP, nil)},
		{"webp, lossless", webpOf(vp8l(40, 30, false)), header(variant.WebP, nil)},
		{"webp, lossless, alpha", webpOf(vp8l(40, 30, true)), header(variant.WebP, func(h *resize.Header) { h.Alpha = true })},
		{"webp, extended", webpOf(vp8x(0x10, 40, 30), chunk("ICCP", 1), chunk("ALPH", 1), vp8(40, 30)), header(variant.WebP, func(h *resize.Header) { h.Alpha, h.ICC = true, true })},
		{"webp, turned", resizetest.Oriented(webpOf(vp8(40, 30)), 3), header(variant.WebP, func(h *resize.Header) { h.Orientation = 3 })},
		{"webp, animated", webpOf(vp8x(2, 40, 30), chunk("ANIM", 1), chunk("ANMF", 1), chunk("ANMF", 1)), header(variant.WebP, func(h *resize.Header) { h.Pages = 2 })},

		{"avif", heifOf("avif", "av1C", 40, 30, false), header(variant.AVIF, func(h *resize.Header) { h.Depth = 10 })},
		{"avif, alpha", heifOf("mif1", "av1C", 40, 30, true), header(variant.AVIF, func(h *resize.Header) { h.Depth, h.Alpha = 10, true })},
		{"avif, turned", heifOf("avif", "av1C", 30, 40, false, boxOf("irot", []byte{3})), header(variant.AVIF, func(h *resize.Header) { h.Depth = 10 })},
		{"avif, mirrored", heifOf("avif", "av1C", 40, 30, false, boxOf("imir", []byte{1})), header(variant.AVIF, func(h *resize.Header) { h.Depth = 10 })},
		{"avif, cut and turned", heifOf("avif", "av1C", 64, 64, false, boxOf("clap", be32(30, 1, 80, 2, 0, 1, 0, 1)), boxOf("irot", []byte{1})), header(variant.AVIF, func(h *resize.Header) { h.Depth = 10 })},
		{"avif, profile", heifOf("avif", "av1C", 40, 30, false, boxOf("colr", []byte("prof....."))), header(variant.AVIF, func(h *resize.Header) { h.Depth, h.ICC = 10, true })},
		{"avif, grid", heifGrid(40, 30, 40, 3, 16), header(variant.AVIF, nil)},
		{"heic", heifOf("heic", "hvcC", 40, 30, false), header(variant.HEIC, func(h *resize.Header) { h.Depth = 10 })},

		{"tiff", tiffOf(t, gray(40, 30)), header(variant.TIFF, func(h *resize.Header) { h.Gray = true })},
		{"tiff, alpha", tiffOf(t, resizetest.Transparent(40, 30, color.NRGBA{})), header(variant.TIFF, func(h *resize.Header) { h.Alpha = true })},
		// jxl: div8, then heights and widths of (1+n)*8 in 5 bits, from the lowest bit.
		{"jxl", []byte{0xff, 0x0a, 0b000_00111, 0b00_00100_0, 0, 0}, header(variant.JXL, func(h *resize.Header) { h.Width, h.Height = 40, 32 })},
		{"jp2", samples(t)["jp2"], header(variant.JP2, nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := inspect(c.src)
			if err != nil || got != c.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func gifScreen(b []byte, w, h int) []byte {
	b[6], b[7], b[8], b[9] = byte(w), byte(w>>8), byte(h), byte(h>>8)
	return b
}

func TestInspectSVG(t *testing.T) {
	for _, c := range []struct {
		src  string
		w, h int
	}{
		{`<svg width="40" height="30"/>`, 40, 30},
		{`<?xml version="1.0" encoding="ISO-8859-1"?><!-- a --><!DOCTYPE svg [<!ENTITY a "b">]><svg width="1in" height="72pt">`, 96, 96},
		{"\xef\xbb\xbf \n<svg viewBox='0 0 200 50' width='100'>", 100, 25},
		{`<svg viewBox="0,0,50,200" height="100">`, 25, 100},
		{`<svg viewBox="0 0 400 100">`, 300, 75},
		{`<svg viewBox="0 0 100 400">`, 38, 150},
		{`<svg>`, 300, 150},
		{`<svg width="100%" height="NaN">`, 300, 150},
		{`<svg width="0.1" height="0.2"/>`, 1, 1},
		{`<s:svg xmlns:s="http://www.w3.org/2000/svg" width="8" height="9"/>`, 0, 0},
	} {
		h, err := inspect([]byte(c.src))
		if c.w == 0 {
			if !errors.Is(err, resize.ErrNotPicture) {
				t.Errorf("%s: %+v, %v", c.src, h, err)
			}
			continue
		}
		want := resize.Header{Format: variant.SVG, Width: c.w, Height: c.h, Orientation: 1, Pages: 1, Depth: 8, Alpha: true}
		if err != nil || h != want {
			t.Errorf("%s: %+v, %v, want %dx%d", c.src, h, err, c.w, c.h)
		}
	}
}

func TestInspectRefuses(t *testing.T) {
	png := resizetest.PNG(resizetest.Quarters(40, 30))
	many := slices.Repeat(segment(0xe9), 20000)
	for _, c := range []struct {
		name string
		src  []byte
		want error
	}{
		{"empty", nil, resize.ErrBroken},
		{"text", []byte("hello, this is text and no picture at all"), resize.ErrNotPicture},
		{"html", []byte("<!DOCTYPE html><html><svg></svg></html>"), resize.ErrNotPicture},
		{"xml", []byte(`<?xml version="1.0"?><rss/>`), resize.ErrNotPicture},
		{"pdf", []byte("%PDF-1.7 and so on, and so on"), resize.ErrNotPicture},
		{"mp4", boxOf("ftyp", []byte("isom"), be32(0)), resize.ErrNotPicture},
		{"riff but no webp", chunk("RIFF", []byte("WAVEfmt 0123456789")...), resize.ErrNotPicture},
		{"jpeg without frame", slices.Concat([]byte{0xff, 0xd8}, segment(0xda, 1), []byte{0xff, 0xd9}), resize.ErrBroken},
		{"jpeg without scan", jpegOf(0xc0, 40, 30, 3, 0), resize.ErrBroken},
		{"jpeg without size", jpegOf(0xc0, 40, 0, 3, 1), resize.ErrBroken},
		{"jpeg with two frames", jpegOf(0xc0, 40, 30, 3, 1, segment(0xc0, 8, 0, 9, 0, 9, 3)), resize.ErrBroken},
		{"jpeg with too many scans", jpegOf(0xc2, 40, 30, 3, 129), resize.ErrBroken},
		{"jpeg with too many segments", jpegOf(0xc0, 40, 30, 3, 1, many), resize.ErrBroken},
		{"jpeg with a second start", slices.Concat([]byte{0xff, 0xd8}, jpegOf(0xc0, 40, 30, 3, 1)), resize.ErrBroken},
		{"png without pixels", slices.Concat(png[:33], png[len(png)-12:]), resize.ErrBroken},
		{"png of no depth", slices.Concat(png[:24], []byte{3}, png[25:]), resize.ErrBroken},
		{"png, too wide", slices.Concat(png[:16], be32(1<<30), png[20:]), resize.ErrTooLarge},
		{"gif without frame", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x3b"), resize.ErrBroken},
		{"webp that is smaller than its canvas", webpOf(vp8x(0, 40, 30), vp8(41, 30)), resize.ErrBroken},
		{"webp without picture", webpOf(vp8x(0, 40, 30)), resize.ErrBroken},
		{"avif without meta", boxOf("ftyp", []byte("avif"), be32(0)), resize.ErrBroken},
		{"avif of more pixels than declared", heifCoded("avif", "av1C", 40, 30, av1(41, 30), false), resize.ErrBroken},
		{"avif, a second and larger sequence", heifCoded("avif", "av1C", 40, 30, append(av1(40, 30), av1(9000, 9000)...), false), resize.ErrBroken},
		{"avif, alpha of more pixels than declared", heifAlpha(40, 31), resize.ErrBroken},
		{"avif without a sequence header", heifCoded("avif", "av1C", 40, 30, []byte{0x32, 1, 0}, false), resize.ErrBroken},
		{"avif, grid larger than declared", heifGrid(40, 30, 4000, 3, 16), resize.ErrBroken},
		{"avif, tiles that lie outside", heifGrid(40, 30, 40, 3, 21), resize.ErrBroken},
		{"avif with two of a box", bytes.Replace(heifOf("avif", "av1C", 40, 30, false), []byte("iinf"), []byte("pitm"), 1), resize.ErrBroken},
		{"heif of neither coding", heifOf("mif1", "jpgC", 40, 30, false), resize.ErrNotPicture},
	} {
		if h, err := inspect(c.src); !errors.Is(err, c.want) || h != (resize.Header{}) && c.want != resize.ErrTooLarge {
			t.Errorf("%s: %+v, %v, want %v", c.name, h, err, c.want)
		}
	}
}

// heifAlpha has an alpha picture that is larger than the picture.
func heifAlpha(w, h int) []byte {
	src := heifOf("avif", "av1C", 40, 30, true)
	i := bytes.LastIndex(src, av1(40, 30))
	return append(src[:i:i], av1(w, h)...)
}

// TestInspectFindsCuts cuts samples at every byte.
func TestInspectFindsCuts(t *testing.T) {
	all := samples(t)
	for _, name := range []string{"jpeg", "jpeg progressive", "jpeg turned", "png", "png turned", "webp lossy", "webp lossless", "webp extended", "avif", "avif grid", "heic"} {
		src := all[name]
		if _, err := inspect(src); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for n := range src {
			_, err := inspect(src[:n])
			if err == nil || n >= 16 && !errors.Is(err, resize.ErrBroken) {
				t.Errorf("%s, %d bytes of %d: %v", name, n, len(src), err)
			}
		}
	}
}

func TestInspectGIFCuts(t *testing.T) {
	src := samples(t)["gif"]
	accepted := 0
	for n := range src {
		if _, err := inspect(src[:n]); err == nil {
			accepted++
		}
	}
	// After the first frame, after the second one's control, after itself.
	if accepted != 3 {
		t.Errorf("%d cuts of a GIF are accepted, want 3", accepted)
	}
}

// failing is a reader whose place has gone.
type failing struct {
	io.ReaderAt
	after int64
}

var errGone = errors.New("gone")

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off >= f.after {
		return 0, errGone
	}
	return f.ReaderAt.ReadAt(b, off)
}

func TestInspectPassesReadErrorsOn(t *testing.T) {
	src := slices.Concat(jpegOf(0xc2, 40, 30, 3, 1)[:30], make([]byte, 200<<10))
	for _, after := range []int64{0, 4096} {
		_, err := resize.Inspect(failing{bytes.NewReader(src), after}, int64(len(src)))
		if !errors.Is(err, errGone) || errors.Is(err, resize.ErrBroken) {
			t.Errorf("failing after %d: %v, want the reader's error", after, err)
		}
	}
	if _, err := resize.Inspect(bytes.NewReader(src[:100]), 1000); !errors.Is(err, resize.ErrBroken) {
		t.Errorf("a file shorter than said: %v, want ErrBroken", err)
	}
}

func TestSniffAgreesWithInspect(t *testing.T) {
	for name, src := range samples(t) {
		h, err := inspect(src)
		f, ok := resize.Sniff(src[:min(32, len(src))])
		if err != nil || !ok || f != h.Format {
			t.Errorf("%s: sniffed %v %t, inspected %v %v", name, f, ok, h.Format, err)
		}
	}
}

func TestMediaType(t *testing.T) {
	for f, want := range map[variant.Format]string{
		variant.JPEG: "image/jpeg", variant.PNG: "image/png", variant.WebP: "image/webp", variant.AVIF: "image/avif",
		variant.GIF: "image/gif", variant.SVG: "image/svg+xml", variant.TIFF: "image/tiff", variant.HEIC: "image/heic",
		variant.JXL: "image/jxl", variant.JP2: "image/jp2", variant.PDF: "application/pdf",
		variant.FormatKeep: "application/octet-stream", variant.FormatAuto: "application/octet-stream",
	} {
		if got := resize.MediaType(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, src := range samples(f) {
		f.Add(src)
	}
	odd, _ := filepath.Glob("../testdata/odd/*")
	for _, name := range odd {
		if src, err := os.ReadFile(name); err == nil && len(src) < 64<<10 {
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		h, err := inspect(src)
		if err != nil {
			if !errors.Is(err, resize.ErrBroken) && !errors.Is(err, resize.ErrNotPicture) && !errors.Is(err, resize.ErrTooLarge) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		if h.Width < 1 || h.Height < 1 || h.Orientation < 1 || h.Orientation > 8 || h.Pages < 1 {
			t.Errorf("an impossible header: %+v", h)
		}
	})
}

// BenchmarkInspectJPEG searches a progressive JPEG of 64 MiB for its end.
func BenchmarkInspectJPEG(b *testing.B) {
	src := jpegOf(0xc2, 4000, 3000, 3, 1)
	entropy := slices.Repeat(append(bytes.Repeat([]byte{0x5a}, 200), 0xff, 0), (64<<20)/202)
	src = slices.Concat(src[:len(src)-2], entropy, src[len(src)-2:])
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := inspect(src); err != nil {
			b.Fatal(err)
		}
	}
}

// TestInspectOdd looks at the odd pictures that all packages test with, as
// testdata/README.md describes them.
func TestInspectOdd(t *testing.T) {
	for _, c := range []struct {
		name string
		want string // width, height, orientation, pages, and what is special
	}{
		{"16bit.png", "png 256x192 o1 p1 d16"},
		{"1x1.jpg", "jpeg 1x1 o1 p1 d8"},
		{"alpha.png", "png 256x256 o1 p1 d8 alpha"},
		{"alpha.webp", "webp 256x256 o1 p1 d8 alpha"},
		{"animated.gif", "gif 192x144 o1 p12 d8 alpha"},
		{"animated.webp", "webp 192x144 o1 p12 d8 alpha"},
		{"bomb.png", "png 60000x60000 o1 p1 d8"},
		{"cmyk.jpg", "jpeg 480x320 o1 p1 d8 cmyk"},
		{"drawing.svg", "svg 320x200 o1 p1 d8 alpha"},
		{"gray-alpha.png", "png 200x200 o1 p1 d8 alpha gray"},
		{"gray.jpg", "jpeg 480x320 o1 p1 d8 gray"},
		{"interlaced.png", "png 240x160 o1 p1 d8 progressive"},
		{"lossless.webp", "webp 480x320 o1 p1 d8"},
		{"orientation-5.jpg", "jpeg 320x480 o5 p1 d8"},
		{"orientation-8.jpg", "jpeg 320x480 o8 p1 d8"},
		{"p3.jpg", "jpeg 384x288 o1 p1 d8 icc"},
		{"palette.png", "png 240x160 o1 p1 d8 alpha"},
		{"photo.avif", "avif 1600x2000 o1 p1 d8"},
		{"tall.jpg", "jpeg 3x8000 o1 p1 d8"},
		{"trailing.jpg", "jpeg 480x320 o1 p1 d8"},
		{"wide.png", "png 8000x3 o1 p1 d8"},
		{"empty.jpg", "broken"},
		{"html.jpg", "no picture"},
		{"text.jpg", "no picture"},
		{"truncated.gif", "broken"},
		{"truncated.jpg", "broken"},
		{"truncated.png", "broken"},
		{"truncated.webp", "broken"},
	} {
		src, err := os.ReadFile("../testdata/odd/" + c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(inspect(src)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func describe(h resize.Header, err error) string {
	switch {
	case errors.Is(err, resize.ErrBroken):
		return "broken"
	case errors.Is(err, resize.ErrNotPicture):
		return "no picture"
	case err != nil:
		return err.Error()
	}
	s := fmt.Sprintf("%v %dx%d o%d p%d d%d", h.Format, h.Width, h.Height, h.Orientation, h.Pages, h.Depth)
	for _, flag := range []struct {
		name string
		set  bool
	}{{"alpha", h.Alpha}, {"gray", h.Gray}, {"cmyk", h.CMYK}, {"progressive", h.Progressive}, {"icc", h.ICC}} {
		if flag.set {
			s += " " + flag.name
		}
	}
	return s
}
