package header_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// jxlOf is the head of a JPEG XL of 40x32 with channels besides its colours, which
// are all alpha.
func jxlOf(float bool, depth, extra int) []byte {
	bits := ""
	put := func(v, n int) {
		for i := range n {
			bits += fmt.Sprint(v >> i & 1)
		}
	}
	put(1, 1)   // sides of eight pixels
	put(3, 5)   // height
	put(0, 3)   // no ratio
	put(4, 5)   // width
	put(0, 1+1) // not all is default, no extra fields
	if float {
		put(1, 1)
		put(0, 2) // 32 bits
		put(7, 4) // of the exponent
	} else {
		put(0, 1)
		put(3, 2)
		put(depth-1, 6)
	}
	put(1, 1) // 16 bits suffice
	put(3|(extra-1)<<2, 2+12)
	for range extra {
		put(1, 1)
	}
	put(3, 2) // XYB, sRGB
	return lowest(bits)
}

// lowest packs bits from the lowest of each byte on, behind JPEG XL's signature.
func lowest(bits string) []byte {
	b := []byte{0xff, 0x0a}
	for i, c := range bits {
		if i%8 == 0 {
			b = append(b, 0)
		}
		b[len(b)-1] |= byte(c-'0') << (i % 8)
	}
	return append(b, make([]byte, 16)...)
}

// long is an entry of a TIFF directory, of one number of 32 bits.
func long(tag, value int) []byte {
	return slices.Concat([]byte{byte(tag >> 8), byte(tag), 0, 4, 0, 0, 0, 1}, be32(value))
}

// TestInspectCountsSamples: what a decoded pixel weighs, of all formats.
func TestInspectCountsSamples(t *testing.T) {
	t.Parallel()
	full := image.Rect(0, 0, 40, 30)
	depth := func(n int) []byte { return entry(0x102, n) }
	samples := func(n int) []byte { return entry(0x115, n) }
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
		{"jxl, 8 bits, three channels besides", jxlOf(false, 8, 3), 6, 8, 6},
		{"jxl, 16 bits", jxlOf(false, 16, 1), 4, 16, 8},
		{"jxl, floats", jxlOf(true, 0, 1), 4, 32, 16},
		{"jp2, five components of 12 bits", jp2Of(40, 30, 5, 12), 5, 12, 10},
		{"tiff, 1 bit", tiffWith(entry(0x106, 1)), 1, 1, 4},
		{"tiff, RGB and five more", tiffWith(entry(0x106, 2), depth(8), samples(8)), 8, 8, 8},
		{"tiff, RGB of 16 bits, alpha", tiffWith(entry(0x106, 2), depth(16), samples(4)), 4, 16, 8},
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

// TestInspectBoundsTIFF: what one strip, tile or pixel of a page weighs.
func TestInspectBoundsTIFF(t *testing.T) {
	t.Parallel()
	const separate, contiguous = 2, 1
	rgb := [][]byte{entry(0x106, 2), entry(0x115, 3), entry(0x102, 8)}
	page := func(w, h int, more ...[]byte) []byte {
		return tiffDirectory(slices.Concat([][]byte{long(0x100, w), long(0x101, h)}, more)...)
	}
	with := func(base [][]byte, more ...[]byte) [][]byte { return slices.Concat(base, more) }
	strips := func(n int) []byte { return long(0x116, n) }
	planar := func(n int) []byte { return entry(0x11c, n) }
	tiles := func(w, h int) [][]byte { return [][]byte{long(0x142, w), long(0x143, h)} }
	for _, c := range []struct {
		name string
		src  []byte
		fine bool
	}{
		{"a long side", page(65_535, 10, with(rgb, strips(1))...), true},
		{"a longer side", page(65_536, 10, with(rgb, strips(1))...), false},
		{"a higher side", page(10, 65_536, with(rgb, strips(1))...), false},
		{"4 samples of 16 bits", tiffWith(entry(0x115, 4), entry(0x102, 16)), true},
		{"5 samples of 16 bits", tiffWith(entry(0x115, 5), entry(0x102, 16)), false},
		{"3 samples of 12 bits", tiffWith(entry(0x115, 3), entry(0x102, 12)), true},
		{"5 samples of 12 bits, which are 16", tiffWith(entry(0x115, 5), entry(0x102, 12)), false},
		{"8 samples", tiffWith(entry(0x115, 8), entry(0x102, 8)), true},
		{"9 samples of one bit, which is 8", tiffWith(entry(0x115, 9), entry(0x102, 1)), false},
		{"a complex number", tiffWith(entry(0x102, 128)), false},
		{"strips of 64 MiB", page(4096, 60_000, with(rgb, strips(5461))...), true},
		{"strips of more", page(4096, 60_000, with(rgb, strips(5462))...), false},
		{"all in one strip", page(4096, 5461, rgb...), true},
		{"all in one strip of more", page(4096, 5462, rgb...), false},
		{"strips longer than the page", page(4096, 5461, with(rgb, long(0x116, -1))...), true},
		{"a strip for each colour", page(4096, 16_384, with(rgb, planar(separate))...), true},
		{"a strip for all colours", page(4096, 16_384, with(rgb, planar(contiguous))...), false},
		{"tiles of 48 MiB", page(9000, 9000, with(rgb, tiles(4096, 4096)...)...), true},
		{"tiles of 96 MiB", page(9000, 9000, with(rgb, tiles(8192, 4096)...)...), false},
		{"tiles larger than the page", page(90, 90, with(rgb, tiles(8192, 4096)...)...), false},
		{"tiles of 96 MiB for all colours", page(9000, 9000, with(rgb, append(tiles(8192, 4096), planar(separate))...)...), true},
		{"one bit", page(65_535, 8191), true},
		{"many samples, in a byte", tiffWith([]byte{1, 0x15, 0, 1, 0, 0, 0, 1, 16, 0, 0, 0}, entry(0x102, 8)), false},
		{"many samples, in 32 bits", tiffWith(long(0x115, 16), entry(0x102, 8)), false},
		{"many samples, in 64 bits", tiffWith([]byte{1, 0x15, 0, 16, 0, 0, 0, 1, 0, 0, 0, 62}, entry(0x102, 8), be32(0, 0, 16)), false},
		{"many samples, after 1,500 entries", tiffLong(1500, entry(0x115, 16)), false},
	} {
		h, err := inspect(c.src)
		// A file that is not too large may be of a format that is not read.
		known := err == nil || errors.Is(err, header.ErrNotPicture) || errors.Is(err, header.ErrTooLarge)
		if !known || c.fine == errors.Is(err, header.ErrTooLarge) || err != nil && h != (header.Header{}) {
			t.Errorf("%s: %+v, %v, want fine: %t", c.name, h, err, c.fine)
		}
	}
}

// tiffLong has a page whose last entry comes behind n others of no meaning.
func tiffLong(n int, last []byte) []byte {
	b := slices.Concat([]byte("MM\x00*\x00\x00\x00\x08"), []byte{byte((n + 3) >> 8), byte(n + 3)}, entry(0x100, 40), entry(0x101, 30))
	return slices.Concat(b, bytes.Repeat(entry(0xfde8, 1), n), last, be32(0))
}

// tiffShared has pages whose lists of strips, of n numbers, are all the same.
func tiffShared(pages, n int) []byte {
	b := slices.Concat([]byte("MM\x00*"), be32(8+4*n), make([]byte, 4*n))
	for i := range pages {
		strips := slices.Concat([]byte{1, 0x11, 0, 4}, be32(n, 8))
		b = slices.Concat(b, []byte{0, 3}, entry(0x100, 40), entry(0x101, 30), strips)
		next := len(b) + 4
		if i == pages-1 {
			next = 0
		}
		b = append(b, be32(next)...)
	}
	return b
}

// tiffSharing has directories of 100 entries, of which each begins 18 bytes after
// the one before.
func tiffSharing(pages int) []byte {
	const stride, rows = 18, 66 // 2+12*100 bytes are 66 rows and 14 bytes
	b := []byte("MM\x00*\x00\x00\x00\x08")
	for i := range pages + rows {
		next := 0
		if page := i - rows + 1; page > 0 && page < pages {
			next = 8 + stride*page
		}
		b = slices.Concat(b, []byte{0, 100}, make([]byte, 12), be32(next))
	}
	return b
}

// TestInspectBoundsPages: libtiff reads the directories of all pages, and what they
// point to.
func TestInspectBoundsPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		src  []byte
		want error
	}{
		"a list each":            {tiffShared(1, 1<<20), nil},
		"a list of some":         {tiffShared(4, 1<<20), nil},
		"a list of many":         {tiffShared(400, 60_000), header.ErrTooLarge},
		"a short list of all":    {tiffShared(4000, 1000), nil},
		"directories that share": {tiffSharing(200), header.ErrBroken},
	} {
		if _, err := inspect(c.src); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestInspectBoundsPage: the page that is asked for counts, and no other.
func TestInspectBoundsPage(t *testing.T) {
	t.Parallel()
	src := tiffChain(3, false)
	at := 8 + 2*(2+24+4) + 2 // the third page
	copy(src[at:], long(0x100, 70_000))
	for page, fine := range map[int]bool{1: true, 2: true, 3: false, 4: true} {
		_, err := header.InspectPage(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats, page)
		if fine != (err == nil) || err != nil && !errors.Is(err, header.ErrTooLarge) {
			t.Errorf("page %d: %v, want fine: %t", page, err, fine)
		}
	}
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

// TestInspectBoundsSamples: a JPEG XL may have thousands of channels.
func TestInspectBoundsSamples(t *testing.T) {
	t.Parallel()
	for extra, fine := range map[int]bool{1: true, 13: true, 14: false, 4096: false} {
		if h, err := inspect(jxlOf(false, 8, extra)); fine != (err == nil) || err != nil && !errors.Is(err, header.ErrTooLarge) {
			t.Errorf("%d channels: %+v, %v, want fine: %t", extra, h, err, fine)
		}
	}
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
	drawing := []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="70000" height="70000"/>`)
	if _, err := inspect(drawing); err != nil {
		t.Errorf("a drawing: %v", err)
	}
}
