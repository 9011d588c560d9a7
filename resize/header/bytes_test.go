package header_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// TestInspectCountsSamples: what a decoded pixel weighs, of all formats.
func TestInspectCountsSamples(t *testing.T) {
	t.Parallel()
	full := image.Rect(0, 0, 40, 30)
	for _, c := range []struct {
		name                   string
		src                    []byte
		samples, depth, weighs int
	}{
		{"jpeg", jpegOf(0xc0, 40, 30, 3, 1), 3, 8, 4},
		{"jpeg, grey", jpegOf(0xc0, 40, 30, 1, 1), 1, 8, 4},
		{"jpeg, four inks", jpegOf(0xc0, 40, 30, 4, 1), 4, 8, 4},
		{"png", resizetest.PNG(image.NewNRGBA(full)), 4, 8, 4},
		{"png, 16 bits", resizetest.PNG(image.NewNRGBA64(full)), 4, 16, 8},
		{"png, grey of 16 bits", resizetest.PNG(image.NewGray16(full)), 1, 16, 8},
		{"png, palette", resizetest.PNG(paletted(color.White)), 3, 1, 4},
		{"png, transparent palette", resizetest.PNG(paletted(color.Transparent)), 4, 1, 4},
		{"gif", gifOf(t, 40, 30, true, full), 4, 8, 4},
		{"webp", webpOf(vp8(40, 30)), 3, 8, 4},
		{"webp, alpha", webpOf(vp8l(40, 30, true)), 4, 8, 4},
		{"avif", heifOf("avif", "av1C", 40, 30, false), 3, 10, 8},
		{"heic, alpha", heifOf("heic", "hvcC", 40, 30, true), 4, 10, 8},
		{"heic, deeper than it says", heifProps(40, 30, hvcC(sps(40, 32, 12))), 3, 12, 8},
		{"avif, deeper than it says", heifDeep(0x60), 3, 12, 8},
	} {
		h, err := inspect(c.src)
		if err != nil || h.Samples != c.samples || h.Depth != c.depth || h.PixelBytes() != int64(c.weighs) {
			t.Errorf("%s: %d samples of %d bits, %d bytes, %v; want %d of %d, %d bytes",
				c.name, h.Samples, h.Depth, h.PixelBytes(), err, c.samples, c.depth, c.weighs)
		}
	}
}

// heifProps is a HEIC of w x h with a configuration besides its own, and a pixi of
// 8 bits.
func heifProps(w, h int, config []byte) []byte {
	return bytes.Replace(heifOf("heic", "hvcC", w, h, false, config), []byte{3, 10, 10, 10}, []byte{3, 8, 8, 8}, 1)
}

// heifDeep is an AVIF that says 10 bits outside, and others in its av1C.
func heifDeep(bits byte) []byte {
	return bytes.Replace(heifOf("avif", "av1C", 40, 30, false), []byte{0x81, 0, 0x40, 0}, []byte{0x81, 0, bits, 0}, 1)
}

// TestInspectBoundsHEIF: what is coded is what is declared, in how many tiles ever.
func TestInspectBoundsHEIF(t *testing.T) {
	t.Parallel()
	honest := heifOf("heic", "hvcC", 40, 30, false)
	set := func(w, h int) []byte {
		return bytes.Replace(honest, sps(40, 32, 10), padded(sps(w, h, 10), len(sps(40, 32, 10))), 1)
	}
	for _, c := range []struct {
		name string
		src  []byte
		want error
	}{
		{"heic", honest, nil},
		{"heic, coded in a block of 64", set(64, 64), nil},
		{"heic that codes more", set(72, 32), header.ErrBroken},
		{"heic that codes higher", set(40, 72), header.ErrBroken},
		{"heic, a larger set among its pixels", heifCoded("heic", "hvcC", 40, 30, append(nal(sps(8192, 8192, 8)), nal([]byte{0x28, 1, 7})...), false), header.ErrBroken},
		{"heic, the same set among its pixels", heifCoded("heic", "hvcC", 40, 30, append(nal(sps(40, 32, 8)), nal([]byte{0x28, 1, 7})...), false), nil},
		{"heic without a set", bytes.Replace(honest, []byte{0x42, 1}, []byte{0x40, 1}, 1), header.ErrBroken},
		{"heic, units beyond its end", heifCoded("heic", "hvcC", 40, 30, be32(9), false), header.ErrBroken},
		{"avif, all is declared and cut to a little", heifOf("avif", "av1C", 9000, 9000, false, boxOf("clap", be32(8, 1, 8, 1, 0, 1, 0, 1))), nil},
		{"avif, more than all is declared, and cut", heifCoded("avif", "av1C", 1<<31, 1<<31, av1(60_000, 60_000), false, boxOf("clap", be32(8, 1, 8, 1, 0, 1, 0, 1))), header.ErrTooLarge},
		{"avif, 64 tiles", heifGrid(64*16, 16, 64*16, 64, 16), nil},
		{"avif, 65 tiles of little", heifGrid(65*16, 16, 65*16, 65, 16), header.ErrTooLarge},
		{"avif, 65 tiles of much", heifGrid(65*256, 256, 65*256, 65, 256), nil},
		{"metadata that lie in one place", heifMetadata(20), header.ErrBroken},
		{"metadata", heifMetadata(1), nil},
	} {
		if h, err := inspect(c.src); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v, want %v", c.name, h, err, c.want)
		}
	}
}

// padded is b with zeros behind it.
func padded(b []byte, n int) []byte { return append(b, make([]byte, max(0, n-len(b)))...) }

// heifMetadata is an AVIF with n items of metadata that all are most of the file.
func heifMetadata(n int) []byte {
	coded := av1(40, 30)
	iinf := [][]byte{be32(0), {0, byte(n + 1)}, infe(1, "av01")}
	for i := range n {
		iinf = append(iinf, infe(byte(i+2), "Exif"))
	}
	ftyp := boxOf("ftyp", []byte("avif"), be32(0))
	meta := func(mdat int) []byte {
		iloc := slices.Concat(be32(0), []byte{0x44, 0, 0, byte(n + 1)}, []byte{0, 1, 0, 0, 0, 1}, be32(mdat, len(coded)))
		for i := range n {
			iloc = slices.Concat(iloc, []byte{0, byte(i + 2), 0, 0, 0, 1}, be32(mdat, 5000))
		}
		return boxOf("meta", be32(0), boxOf("pitm", be32(0), []byte{0, 1}), boxOf("iinf", iinf...), boxOf("iloc", iloc),
			boxOf("iprp", boxOf("ipco", boxOf("ispe", be32(0, 40, 30))), boxOf("ipma", be32(0, 1), []byte{0, 1, 1, 1})))
	}
	at := len(ftyp) + len(meta(0)) + 8
	return slices.Concat(ftyp, meta(at), boxOf("mdat", coded, make([]byte, 5000)))
}

// TestInspectBoundsSides: rows of a raster are bounded, as libvips holds many of them.
func TestInspectBoundsSides(t *testing.T) {
	t.Parallel()
	for side, fine := range map[int]bool{65_535: true, 65_536: false, 9_999_999: false} {
		for _, p := range []odd.PNG{{Width: side, Height: 2, Depth: 8}, {Width: 2, Height: side, Depth: 8}} {
			if h, err := inspect(p.Encode()); fine != (err == nil) || err != nil && !errors.Is(err, header.ErrTooLarge) {
				t.Errorf("%+v: %+v, %v, want fine: %t", p, h, err, fine)
			}
		}
	}
	for h, want := range map[header.Header]error{
		{Format: variant.SVG, Width: 70_000, Height: 10_000_000}:             nil,
		{Format: variant.SVG, Width: 10_000_001, Height: 70_000}:             header.ErrTooLarge,
		{Format: variant.TIFF, Width: 70_000, Height: 2}:                     header.ErrTooLarge,
		{Format: variant.TIFF, Width: 40, Height: 30, Samples: 4, Depth: 16}: nil,
		{Format: variant.TIFF, Width: 40, Height: 30, Samples: 5, Depth: 16}: header.ErrTooLarge,
		{Format: variant.JXL, Width: 40, Height: 30, Samples: 16, Depth: 16}: nil,
		{Format: variant.JXL, Width: 40, Height: 30, Samples: 17, Depth: 8}:  header.ErrTooLarge,
		{Format: variant.JXL, Height: 30, Samples: 3, Depth: 8}:              header.ErrBroken,
	} {
		if err := h.Check(); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", h, err, want)
		}
	}
}
