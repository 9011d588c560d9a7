package header_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// Small pictures of each format. Those without an encoder in Go are put
// together byte by byte, with all that Inspect looks at.

func segment(code byte, content ...byte) []byte {
	return append([]byte{0xff, code, byte((len(content) + 2) >> 8), byte(len(content) + 2)}, content...)
}

// jpegOf has a frame of the given kind with components, and scans.
func jpegOf(sof byte, w, h, components, scans int, extra ...[]byte) []byte {
	frame := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(components)}
	frame = append(frame, make([]byte, 3*components)...)
	b := slices.Concat([]byte{0xff, 0xd8}, slices.Concat(extra...), segment(sof, frame...))
	for range scans {
		b = append(b, segment(0xda, byte(components))...)
		b = append(b, 1, 2, 0xff, 0, 3, 0xff, 0xd0, 4)
	}
	return append(b, 0xff, 0xd9)
}

func gifOf(t testing.TB, w, h int, transparent bool, frames ...image.Rectangle) []byte {
	palette := color.Palette{color.White, color.Black}
	if transparent {
		palette[0] = color.Transparent
	}
	g := &gif.GIF{Config: image.Config{ColorModel: palette, Width: w, Height: h}}
	for _, r := range frames {
		g.Image = append(g.Image, image.NewPaletted(r, palette))
		g.Delay = append(g.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func chunk(kind string, content ...byte) []byte {
	b := append([]byte(kind), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(content)))
	return append(append(b, content...), make([]byte, len(content)&1)...)
}

func webpOf(chunks ...[]byte) []byte {
	body := slices.Concat(chunks...)
	b := chunk("RIFF", append([]byte("WEBP"), body...)...)
	return b
}

func vp8(w, h int) []byte {
	return chunk("VP8 ", 0x10, 0, 0, 0x9d, 1, 0x2a, byte(w), byte(w>>8), byte(h), byte(h>>8), 7, 7)
}

func vp8l(w, h int, alpha bool) []byte {
	bits := uint32(w-1) | uint32(h-1)<<14
	if alpha {
		bits |= 1 << 28
	}
	return chunk("VP8L", append([]byte{0x2f}, binary.LittleEndian.AppendUint32(nil, bits)...)...)
}

func vp8x(flags byte, w, h int) []byte {
	w, h = w-1, h-1
	return chunk("VP8X", flags, 0, 0, 0, byte(w), byte(w>>8), byte(w>>16), byte(h), byte(h>>8), byte(h>>16))
}

// anmf is a frame at the top left with a picture, which need not be as large.
func anmf(w, h int, picture []byte) []byte {
	w, h = w-1, h-1
	head := []byte{0, 0, 0, 0, 0, 0, byte(w), byte(w >> 8), 0, byte(h), byte(h >> 8), 0, 9, 0, 0, 0}
	return chunk("ANMF", append(head, picture...)...)
}

func be32(v ...int) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func boxOf(kind string, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	return append(append(be32(8+len(content)), kind...), content...)
}

// av1 is the sequence header of a still picture, and some more.
func av1(w, h int) []byte {
	bits := uint64(0b000_1_1_00000_1111_1111)<<46 | uint64(w-1)<<30 | uint64(h-1)<<14
	return append(append([]byte{0x12, 0, 0x0a, 8}, binary.BigEndian.AppendUint64(nil, bits)...), 0x32, 1, 0)
}

func infe(id byte, kind string) []byte {
	return boxOf("infe", []byte{2, 0, 0, 0, 0, id, 0, 0}, []byte(kind), []byte{0})
}

// heifOf has a primary item 1 of w x h whose properties are, in this order,
// ispe, pixi, config and own; item 2 is its alpha if alpha is set. config is
// av1C or hvcC.
func heifOf(brand, config string, w, h int, alpha bool, own ...[]byte) []byte {
	coded := av1(w, h)
	if config == "hvcC" {
		coded = nal([]byte{0x28, 1, 7, 7}) // a slice of a picture
	}
	return heifCoded(brand, config, w, h, coded, alpha, own...)
}

// nal is a unit of HEVC as it lies in an item.
func nal(unit []byte) []byte { return append(be32(len(unit)), unit...) }

// sps is the sequence parameter set of pictures coded as w x h, with depth bits.
func sps(w, h, depth int) []byte {
	bits := strings.Repeat("0", 7) + "1" + strings.Repeat("0", 88+8) // one layer
	for _, n := range []int{0, 1, w, h} {
		bits += golomb(n)
	}
	bits += "0" + golomb(depth-8) + golomb(depth-8) + "1"
	unit := []byte{0x42, 1}
	for len(bits)%8 != 0 {
		bits += "0"
	}
	for ; bits != ""; bits = bits[8:] {
		b, _ := strconv.ParseUint(bits[:8], 2, 8)
		if n := len(unit); b <= 3 && unit[n-1] == 0 && unit[n-2] == 0 {
			unit = append(unit, 3)
		}
		unit = append(unit, byte(b))
	}
	return unit
}

func golomb(n int) string {
	b := strconv.FormatInt(int64(n+1), 2)
	return strings.Repeat("0", len(b)-1) + b
}

// hvcC holds sequence parameter sets, and says nothing else.
func hvcC(sets ...[]byte) []byte {
	b := append(make([]byte, 22), 1, 0x21, 0, byte(len(sets)))
	for _, s := range sets {
		b = append(append(b, 0, byte(len(s))), s...)
	}
	return boxOf("hvcC", b)
}

// heifCoded is heifOf with the coded picture, which need not agree.
func heifCoded(brand, config string, w, h int, coded []byte, alpha bool, own ...[]byte) []byte {
	configs := map[string][]byte{"av1C": boxOf(config, []byte{0x81, 0, 0x40, 0}), "hvcC": hvcC(sps((w+7)&^7, (h+7)&^7, 10)), "jpgC": boxOf(config)}
	props := slices.Concat(boxOf("ispe", be32(0, w, h)), boxOf("pixi", be32(0), []byte{3, 10, 10, 10}),
		configs[config], boxOf("auxC", be32(0), []byte("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00")))
	assoc := []byte{1, 2, 0x83}
	for i, p := range own {
		props = append(props, p...)
		assoc = append(assoc, byte(5+i)|0x80)
	}
	ipma := slices.Concat(be32(0, 2), []byte{0, 1, byte(len(assoc))}, assoc, []byte{0, 2, 3, 1, 0x83, 0x84})
	iref := []byte{}
	if alpha {
		iref = boxOf("iref", be32(0), boxOf("auxl", []byte{0, 2, 0, 1, 0, 1}))
	}
	kind := map[string]string{"av1C": "av01", "hvcC": "hvc1"}[config]
	iinf := boxOf("iinf", be32(0), []byte{0, 2}, infe(1, (kind + "none")[:4]), infe(2, (kind + "none")[:4]))
	ftyp := boxOf("ftyp", []byte(brand), be32(0), []byte("miaf"))
	meta := func(mdat int) []byte {
		iloc := slices.Concat(be32(0), []byte{0x44, 0, 0, 2}, // two items, offsets and lengths of four bytes
			[]byte{0, 1, 0, 0, 0, 1}, be32(mdat, len(coded)), []byte{0, 2, 0, 0, 0, 1}, be32(mdat+len(coded), len(coded)))
		return boxOf("meta", be32(0), boxOf("pitm", be32(0), []byte{0, 1}), iinf, boxOf("iloc", iloc),
			boxOf("iprp", boxOf("ipco", props), boxOf("ipma", ipma)), iref)
	}
	at := len(ftyp) + len(meta(0)) + 8
	return slices.Concat(ftyp, meta(at), boxOf("mdat", coded, coded))
}

// heifGrid is a picture of w x h put together from columns tiles of tileW x h
// each, whose grid says gridW x h.
func heifGrid(w, h, gridW, columns, tileW int) []byte {
	coded := av1(tileW, h)
	grid := []byte{0, 0, 0, byte(columns - 1), byte(gridW >> 8), byte(gridW), byte(h >> 8), byte(h)}
	iinf := boxOf("iinf", be32(0), []byte{0, 2}, infe(1, "grid"), infe(2, "av01"))
	dimg := []byte{0, 1, 0, byte(columns)}
	for range columns {
		dimg = append(dimg, 0, 2)
	}
	ftyp := boxOf("ftyp", []byte("avif"), be32(0))
	meta := func(mdat int) []byte {
		iloc := slices.Concat(be32(1<<24), []byte{0x44, 0, 0, 2}, // version 1: with a method
			[]byte{0, 1, 0, 1, 0, 0, 0, 1}, be32(0, len(grid)), []byte{0, 2, 0, 0, 0, 0, 0, 1}, be32(mdat, len(coded)))
		return boxOf("meta", be32(0), boxOf("pitm", be32(0), []byte{0, 1}), iinf, boxOf("idat", grid), boxOf("iloc", iloc),
			boxOf("iprp", boxOf("ipco", boxOf("ispe", be32(0, w, h))), boxOf("ipma", be32(0, 1), []byte{0, 1, 1, 1})),
			boxOf("iref", be32(0), boxOf("dimg", dimg)))
	}
	at := len(ftyp) + len(meta(0)) + 8
	return slices.Concat(ftyp, meta(at), boxOf("mdat", coded))
}

// oneByOne is a baseline JPEG with a scan for each component.
func oneByOne(w, h int) []byte {
	b := jpegOf(0xc0, w, h, 3, 3)
	return bytes.ReplaceAll(b, segment(0xda, 3), segment(0xda, 1))
}

func pngChunk(kind string, content ...byte) []byte {
	b := append(be32(len(content)), kind...)
	b = append(b, content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// entry is one of a TIFF directory, of one short number.
func entry(tag, value int) []byte {
	return []byte{byte(tag >> 8), byte(tag), 0, 3, 0, 0, 0, 1, byte(value >> 8), byte(value), 0, 0}
}

func gray(w, h int) image.Image { return image.NewGray(image.Rect(0, 0, w, h)) }

// samples are whole files, for seeds and for cutting.
func samples(t testing.TB) map[string][]byte {
	q := resizetest.Quarters(40, 30)
	return map[string][]byte{
		"jpeg":             resizetest.JPEG(q),
		"jpeg progressive": jpegOf(0xc2, 40, 30, 3, 3),
		"jpeg turned":      resizetest.Oriented(resizetest.JPEG(q), 6),
		"png":              resizetest.PNG(q),
		"png turned":       resizetest.Oriented(resizetest.PNG(q), 8),
		"gif":              gifOf(t, 40, 30, true, image.Rect(0, 0, 40, 30), image.Rect(5, 5, 9, 9)),
		"webp lossy":       webpOf(vp8(40, 30)),
		"webp lossless":    webpOf(vp8l(40, 30, true)),
		"webp extended":    webpOf(vp8x(0x10, 40, 30), chunk("ICCP", 1, 2, 3), vp8(40, 30)),
		"avif":             heifOf("avif", "av1C", 40, 30, true, boxOf("irot", []byte{1})),
		"avif grid":        heifGrid(40, 30, 40, 3, 16),
		"heic":             heifOf("heic", "hvcC", 40, 30, false),
	}
}

// probed are beginnings of files of the formats that are recognised and not read, by how
// they begin.
func probed() map[string][]byte {
	all := map[string][]byte{}
	for f, starts := range map[variant.Format][]string{
		variant.TIFF: {"II*\x00\x08\x00\x00\x00", "MM\x00*\x00\x00\x00\x08"},
		variant.JXL:  {"\xff\x0a\x41\x41", "\x00\x00\x00\x0cJXL \r\n\x87\n"},
		variant.JP2:  {"\xff\x4f\xff\x51\x00", "\x00\x00\x00\x0cjP  \r\n\x87\n"},
		variant.PDF:  {"%PDF-1.7\n1 0 obj\n"},
		variant.SVG: {
			`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>`, "\xef\xbb\xbf \n<svg>", `<?xml version="1.0"?><svg>`,
			`<ns0:svg xmlns:ns0="http://www.w3.org/2000/svg">`, "\xff\xfe<\x00s\x00v\x00g\x00 \x00", "\xfe\xff\x00 \x00<\x00s\x00v\x00g",
		},
	} {
		for i, s := range starts {
			all[fmt.Sprintf("%v %d", f, i)] = append([]byte(s), make([]byte, 100)...)
		}
	}
	return all
}

func deflated(b []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(b) // memory takes all
	_ = w.Close()
	return z.Bytes()
}
