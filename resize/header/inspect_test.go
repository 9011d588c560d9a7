package header_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

func inspect(b []byte) (header.Header, error) {
	return header.Inspect(context.Background(), bytes.NewReader(b), int64(len(b)), header.AllFormats)
}

func paletted(c color.Color) image.Image {
	return image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Black, c})
}

// headerOf is what most of the samples have in common.
func headerOf(f variant.Format, change func(*header.Header)) header.Header {
	h := header.Header{Format: f, Width: 40, Height: 30, Orientation: 1, Pages: 1, Depth: 8}
	if f == variant.JPEG {
		h.Scans = 1
	}
	if change != nil {
		change(&h)
	}
	if h.Samples == 0 {
		h.Samples = samplesOf(h)
	}
	return h
}

// samplesOf is how many samples a pixel of colours and perhaps alpha has.
func samplesOf(h header.Header) int {
	n := map[bool]int{true: 1}[h.Gray]
	if !h.Gray {
		n = 3 + map[bool]int{true: 1}[h.CMYK]
	}
	return n + map[bool]int{true: 1}[h.Alpha]
}

func TestInspect(t *testing.T) {
	t.Parallel()
	q := resizetest.Quarters(40, 30)
	photo := resizetest.JPEG(q)
	full := image.Rect(0, 0, 40, 30)
	for _, c := range []struct {
		name string
		src  []byte
		want header.Header
	}{
		{"jpeg", photo, headerOf(variant.JPEG, nil)},
		{"jpeg, grey", resizetest.JPEG(gray(40, 30)), headerOf(variant.JPEG, func(h *header.Header) { h.Gray = true })},
		{"jpeg, turned", resizetest.Oriented(photo, 6), headerOf(variant.JPEG, func(h *header.Header) { h.Orientation, h.EXIF = 6, header.Extent{Off: 12, Len: 68} })},
		{"jpeg, orientation 9", resizetest.Oriented(photo, 9), headerOf(variant.JPEG, func(h *header.Header) { h.EXIF = header.Extent{Off: 12, Len: 68} })},
		{"jpeg, orientation 0", resizetest.Oriented(photo, 0), headerOf(variant.JPEG, func(h *header.Header) { h.EXIF = header.Extent{Off: 12, Len: 68} })},
		{"jpeg, progressive CMYK", jpegOf(0xc2, 40, 30, 4, 9), headerOf(variant.JPEG, func(h *header.Header) { h.Progressive, h.CMYK, h.Scans = true, true, 9 })},
		{"jpeg, a scan a component", oneByOne(40, 30), headerOf(variant.JPEG, func(h *header.Header) { h.Scans = 3 })},
		{"jpeg, the most scans", jpegOf(0xc2, 40, 30, 3, 128), headerOf(variant.JPEG, func(h *header.Header) { h.Progressive, h.Scans = true, 128 })},
		{"jpeg, Ultra HDR", slices.Concat(photo, resizetest.JPEG(resizetest.Quarters(20, 15))), headerOf(variant.JPEG, nil)},
		{"jpeg, progressive, with a film", slices.Concat(jpegOf(0xc2, 40, 30, 3, 3), boxOf("ftyp", []byte("mp42"), be32(0)), boxOf("mdat", make([]byte, 100<<10))), headerOf(variant.JPEG, func(h *header.Header) { h.Progressive, h.Scans = true, 3 })},
		{"jpeg, profile", jpegOf(0xc0, 40, 30, 3, 1, segment(0xe2, []byte("ICC_PROFILE\x00\x01\x01xyz")...)), headerOf(variant.JPEG, func(h *header.Header) { h.ICC, h.Profile = true, header.Extent{Off: 2, Len: 21} })},
		{"jpeg, padded", append(slices.Clone(photo), make([]byte, 40)...), headerOf(variant.JPEG, nil)},
		{"jpeg, with a trailer", append(slices.Clone(photo), strings.Repeat("SEFT trailer ", 9000)...), headerOf(variant.JPEG, nil)},
		{"jpeg, fill bytes", slices.Concat(photo[:2], []byte{0xff, 0xff, 0xff}, photo[2:]), headerOf(variant.JPEG, nil)},

		{"png", resizetest.PNG(q), headerOf(variant.PNG, nil)},
		{"png, alpha", resizetest.PNG(resizetest.Transparent(40, 30, color.NRGBA{})), headerOf(variant.PNG, func(h *header.Header) { h.Alpha = true })},
		{"png, grey 16", resizetest.PNG(image.NewGray16(full)), headerOf(variant.PNG, func(h *header.Header) { h.Gray, h.Depth = true, 16 })},
		{"png, palette", resizetest.PNG(paletted(color.White)), headerOf(variant.PNG, func(h *header.Header) { h.Depth, h.Palette = 1, true })},
		{"png, transparent palette", resizetest.PNG(paletted(color.NRGBA{1, 2, 3, 4})), headerOf(variant.PNG, func(h *header.Header) { h.Depth, h.Alpha, h.Palette = 1, true, true })},
		{"png, animated", slices.Concat(resizetest.PNG(q)[:33], pngChunk("acTL", be32(5, 0)...), resizetest.PNG(q)[33:]), headerOf(variant.PNG, nil)},
		{"png, turned", resizetest.Oriented(resizetest.PNG(q), 5), headerOf(variant.PNG, func(h *header.Header) { h.Orientation, h.EXIF = 5, header.Extent{Off: 41, Len: 68} })},
		{"png, trailing bytes", append(resizetest.PNG(q), "more"...), headerOf(variant.PNG, nil)},

		{"gif", gifOf(t, 40, 30, false, full), headerOf(variant.GIF, nil)},
		{"gif, animated, transparent", gifOf(t, 40, 30, true, full, full, full), headerOf(variant.GIF, func(h *header.Header) { h.Alpha, h.Pages = true, 3 })},
		{"gif, frame smaller than the screen", gifOf(t, 40, 30, false, image.Rect(0, 0, 40, 29)), headerOf(variant.GIF, func(h *header.Header) { h.Alpha = true })},
		{"gif, no trailer", bytes.TrimSuffix(gifOf(t, 40, 30, false, full), []byte{0x3b}), headerOf(variant.GIF, nil)},
		{"gif, a screen that is not believed", gifScreen(gifOf(t, 40, 30, false, full), 640, 480), headerOf(variant.GIF, nil)},
		{"gif, a later frame beyond the screen", gifScreen(gifOf(t, 90, 80, false, full, image.Rect(0, 0, 90, 80)), 10, 10), headerOf(variant.GIF, func(h *header.Header) { h.Pages = 2 })},
		{"gif, what is cleared beyond the screen", gifScreen(gifCleared(t), 40, 30), headerOf(variant.GIF, func(h *header.Header) { h.Pages = 3 })},
		{"gif, frame beyond the screen", gifScreen(gifOf(t, 40, 30, false, full), 10, 40), headerOf(variant.GIF, func(h *header.Header) { h.Height = 40; h.Alpha = true })},

		{"webp, lossy", webpOf(vp8(40, 30)), headerOf(variant.WebP, nil)},
		{"webp, lossless", webpOf(vp8l(40, 30, false)), headerOf(variant.WebP, nil)},
		{"webp, lossless, alpha", webpOf(vp8l(40, 30, true)), headerOf(variant.WebP, func(h *header.Header) { h.Alpha = true })},
		{"webp, extended", webpOf(vp8x(0x10, 40, 30), chunk("ICCP", 1), chunk("ALPH", 1), vp8(40, 30)), headerOf(variant.WebP, func(h *header.Header) { h.Alpha, h.ICC, h.Profile = true, true, header.Extent{Off: 38, Len: 1} })},
		{"webp, turned", resizetest.Oriented(webpOf(vp8(40, 30)), 3), headerOf(variant.WebP, func(h *header.Header) { h.Orientation, h.EXIF = 3, header.Extent{Off: 58, Len: 68} })},
		{"webp, animated", webpOf(vp8x(2, 40, 30), chunk("ANIM", 1), anmf(40, 30, vp8(40, 30)), anmf(40, 30, vp8l(40, 30, false))), headerOf(variant.WebP, func(h *header.Header) { h.Pages = 2 })},
		{"webp, animated, alpha", webpOf(vp8x(2, 40, 30), anmf(40, 30, slices.Concat(chunk("ALPH", 1), vp8(40, 30)))), headerOf(variant.WebP, func(h *header.Header) { h.Alpha = true })},
		{"webp, animated, lossless alpha", webpOf(vp8x(2, 40, 30), anmf(40, 30, vp8l(40, 30, true))), headerOf(variant.WebP, func(h *header.Header) { h.Alpha = true })},
		{"webp, animated, a small frame", webpOf(vp8x(2, 40, 30), anmf(40, 30, vp8(40, 30)), anmf(40, 29, vp8(40, 29))), headerOf(variant.WebP, func(h *header.Header) { h.Alpha, h.Pages = true, 2 })},

		{"avif", heifOf("avif", "av1C", 40, 30, false), headerOf(variant.AVIF, func(h *header.Header) { h.Depth = 10 })},
		{"avif, alpha", heifOf("mif1", "av1C", 40, 30, true), headerOf(variant.AVIF, func(h *header.Header) { h.Depth, h.Alpha = 10, true })},
		{"avif, turned", heifOf("avif", "av1C", 30, 40, false, boxOf("irot", []byte{3})), headerOf(variant.AVIF, func(h *header.Header) { h.Depth, h.Width, h.Height, h.Orientation = 10, 30, 40, 6 })},
		{"avif, mirrored", heifOf("avif", "av1C", 40, 30, false, boxOf("imir", []byte{1})), headerOf(variant.AVIF, func(h *header.Header) { h.Depth, h.Orientation = 10, 2 })},
		{"avif, cut and turned", heifOf("avif", "av1C", 64, 64, false, boxOf("clap", be32(30, 1, 80, 2, 0, 1, 0, 1)), boxOf("irot", []byte{1})), headerOf(variant.AVIF, func(h *header.Header) {
			h.Depth, h.Coded, h.Width, h.Height, h.Orientation, h.Whole = 10, 64*64, 30, 40, 8, header.Whole{Width: 64, Height: 64, Left: 17, Top: 12}
		})},
		{"avif, tiles beyond its edges", heifGrid(80, 30, 80, 2, 79), headerOf(variant.AVIF, func(h *header.Header) { h.Width, h.Coded = 80, 2*79*30 })},
		{"avif, profile", heifOf("avif", "av1C", 40, 30, false, boxOf("colr", []byte("prof....."))), headerOf(variant.AVIF, func(h *header.Header) { h.Depth, h.ICC, h.Profile = 10, true, header.Extent{Off: 278, Len: 5} })},
		{"avif, grid", heifGrid(40, 30, 40, 3, 16), headerOf(variant.AVIF, func(h *header.Header) { h.Coded = 3 * 16 * 30 })},
		{"heic", heifOf("heic", "hvcC", 40, 30, false), headerOf(variant.HEIC, func(h *header.Header) { h.Depth = 10 })},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := inspect(c.src)
			if err != nil || got != c.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

// gifCleared is a GIF whose second frame is larger than the others, and cleared.
func gifCleared(t *testing.T) []byte {
	small, large := image.Rect(0, 0, 40, 30), image.Rect(0, 0, 90, 80)
	b := gifOf(t, 90, 80, false, small, large, small)
	controls := 0
	for i := range b[:len(b)-4] {
		if string(b[i:i+3]) == "\x21\xf9\x04" {
			if controls++; controls == 2 {
				b[i+3] |= 2 << 2
			}
		}
	}
	return b
}

func gifScreen(b []byte, w, h int) []byte {
	b[6], b[7], b[8], b[9] = byte(w), byte(w>>8), byte(h), byte(h>>8)
	return b
}

func TestInspectRefuses(t *testing.T) {
	t.Parallel()
	png := resizetest.PNG(resizetest.Quarters(40, 30))
	many := slices.Repeat(segment(0xe9), 20000)
	for _, c := range []struct {
		name string
		src  []byte
		want error
	}{
		{"empty", nil, header.ErrBroken},
		{"text", []byte("hello, this is text and no picture at all"), header.ErrNotPicture},
		{"html", []byte("<!DOCTYPE html><html><svg></svg></html>"), header.ErrNotPicture},
		{"xml", []byte(`<?xml version="1.0"?><rss/>`), header.ErrNotPicture},
		{"svg, which is probed", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>`), header.ErrNotPicture},
		{"mp4", boxOf("ftyp", []byte("isom"), be32(0)), header.ErrNotPicture},
		{"riff but no webp", chunk("RIFF", []byte("WAVEfmt 0123456789")...), header.ErrNotPicture},
		{"jpeg without frame", slices.Concat([]byte{0xff, 0xd8}, segment(0xda, 1), []byte{0xff, 0xd9}), header.ErrBroken},
		{"jpeg without scan", jpegOf(0xc0, 40, 30, 3, 0), header.ErrBroken},
		{"jpeg without size", jpegOf(0xc0, 40, 0, 3, 1), header.ErrBroken},
		{"jpeg with two frames", jpegOf(0xc0, 40, 30, 3, 1, segment(0xc0, 8, 0, 9, 0, 9, 3)), header.ErrBroken},
		{"jpeg with too many scans", jpegOf(0xc2, 40, 30, 3, 129), header.ErrTooLarge},
		{"jpeg with thousands of scans", jpegOf(0xc2, 40, 30, 3, 3000), header.ErrTooLarge},
		{"jpeg with too many segments", jpegOf(0xc0, 40, 30, 3, 1, many), header.ErrBroken},
		{"jpeg with a second start", slices.Concat([]byte{0xff, 0xd8}, jpegOf(0xc0, 40, 30, 3, 1)), header.ErrBroken},
		{"png without pixels", slices.Concat(png[:33], png[len(png)-12:]), header.ErrBroken},
		{"png of no depth", slices.Concat(png[:24], []byte{3}, png[25:]), header.ErrBroken},
		{"png, too wide", slices.Concat(png[:16], be32(1<<30), png[20:]), header.ErrTooLarge},
		{"gif without frame", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x3b"), header.ErrBroken},
		{"webp that is smaller than its canvas", webpOf(vp8x(0, 40, 30), vp8(41, 30)), header.ErrBroken},
		{"gif of 100,000 frames", odd.ManyFrames(100_000), header.ErrTooLarge},
		{"webp of 100,000 frames", webpOf(vp8x(2, 40, 30), bytes.Repeat(anmf(40, 30, vp8(40, 30)), 100_000)), header.ErrTooLarge},
		{"webp with an empty frame", webpOf(vp8x(2, 40, 30), anmf(40, 30, nil)), header.ErrBroken},
		{"webp with a chunk longer than all", webpOf(vp8x(0, 40, 30), []byte("VP8 \xff\xff\xff\x00")), header.ErrBroken},
		{"webp without picture", webpOf(vp8x(0, 40, 30)), header.ErrBroken},
		{"avif without meta", boxOf("ftyp", []byte("avif"), be32(0)), header.ErrBroken},
		{"avif of more pixels than declared", heifCoded("avif", "av1C", 40, 30, av1(41, 30), false), header.ErrBroken},
		{"avif, a second and larger sequence", heifCoded("avif", "av1C", 40, 30, append(av1(40, 30), av1(9000, 9000)...), false), header.ErrBroken},
		{"avif, alpha of more pixels than declared", heifAlpha(40, 31), header.ErrBroken},
		{"avif without a sequence header", heifCoded("avif", "av1C", 40, 30, []byte{0x32, 1, 0}, false), header.ErrBroken},
		{"avif, grid larger than declared", heifGrid(40, 30, 4000, 3, 16), header.ErrBroken},
		{"avif, tiles that lie outside", heifGrid(40, 30, 40, 3, 21), header.ErrBroken},
		{"avif with two of a box", bytes.Replace(heifOf("avif", "av1C", 40, 30, false), []byte("iinf"), []byte("pitm"), 1), header.ErrBroken},
		{"heif of neither coding", heifOf("mif1", "jpgC", 40, 30, false), header.ErrNotPicture},
	} {
		if h, err := inspect(c.src); !errors.Is(err, c.want) || h != (header.Header{}) {
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
	t.Parallel()
	src := slices.Concat(jpegOf(0xc2, 40, 30, 3, 1)[:30], make([]byte, 200<<10))
	for _, after := range []int64{0, 4096} {
		_, err := header.Inspect(t.Context(), failing{bytes.NewReader(src), after}, int64(len(src)), header.AllFormats)
		if !errors.Is(err, errGone) || errors.Is(err, header.ErrBroken) {
			t.Errorf("failing after %d: %v, want the reader's error", after, err)
		}
	}
	if _, err := header.Inspect(t.Context(), bytes.NewReader(src[:100]), 1000, header.AllFormats); !errors.Is(err, header.ErrBroken) {
		t.Errorf("a file shorter than said: %v, want ErrBroken", err)
	}
}

func TestSniffAgreesWithInspect(t *testing.T) {
	t.Parallel()
	for name, src := range samples(t) {
		h, err := inspect(src)
		f, ok := header.Sniff(src[:min(32, len(src))])
		if err != nil || !ok || f != h.Format {
			t.Errorf("%s: sniffed %v %t, inspected %v %v", name, f, ok, h.Format, err)
		}
	}
}

func TestMediaType(t *testing.T) {
	t.Parallel()
	for f, want := range map[variant.Format]string{
		variant.JPEG: "image/jpeg", variant.PNG: "image/png", variant.WebP: "image/webp", variant.AVIF: "image/avif",
		variant.GIF: "image/gif", variant.SVG: "image/svg+xml", variant.TIFF: "image/tiff", variant.HEIC: "image/heic",
		variant.JXL: "image/jxl", variant.JP2: "image/jp2", variant.PDF: "application/pdf",
		variant.FormatKeep: "application/octet-stream", variant.FormatAuto: "application/octet-stream",
	} {
		if got := header.MediaType(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, src := range samples(f) {
		f.Add(src)
	}
	files, _ := filepath.Glob("../../testdata/odd/*")
	for _, name := range files {
		if src, err := os.ReadFile(name); err == nil && len(src) < 64<<10 {
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		h, err := inspect(src)
		if err != nil {
			if h != (header.Header{}) && (h.Width < 1 || h.Pages < 1) {
				t.Errorf("half a header: %+v", h)
			}
			if !errors.Is(err, header.ErrBroken) && !errors.Is(err, header.ErrNotPicture) && !errors.Is(err, header.ErrTooLarge) {
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
