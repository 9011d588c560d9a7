package vips

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// tables is a profile with one table (lut16Type) under each of the names, from the corners of
// a space ("RGB ", "GRAY") to XYZ (ICC.1:2010, 10.10). What is stored as red is green, green
// is blue, and blue is red; grey is inverted.
func tables(version byte, space string, names ...string) []byte {
	inputs := map[string]int{"RGB ": 3, "GRAY": 1}[space]
	lut := []byte("mft2\x00\x00\x00\x00")
	lut = append(lut, byte(inputs), 3, 2, 0)
	for i := range 9 {
		lut = binary.BigEndian.AppendUint32(lut, uint32(1-min(i%4, 1))<<16) // the identity
	}
	lut = append(lut, 0, 2, 0, 2)
	identity := []byte{0, 0, 0xff, 0xff}
	lut = append(lut, bytes.Repeat(identity, inputs)...)
	columns := [][3]float64{{0.3851, 0.7169, 0.0971}, {0.1431, 0.0606, 0.7139}, {0.4361, 0.2225, 0.0139}} // green, blue, red
	for corner := range 1 << inputs {
		var xyz [3]float64
		for c, column := range columns {
			for i := range xyz {
				lit := corner>>(2-c)&1 == 1
				if inputs == 1 {
					lit = corner == 0
				}
				if lit {
					xyz[i] += column[i]
				}
			}
		}
		for _, v := range xyz {
			lut = binary.BigEndian.AppendUint16(lut, uint16(v*32768))
		}
	}
	lut = append(lut, bytes.Repeat(identity, 3)...)

	b := make([]byte, 128)
	b[8] = version
	copy(b[12:], "scnr"+space+"XYZ ")
	copy(b[36:], "acsp")
	white := []byte("XYZ \x00\x00\x00\x00\x00\x00\xf6\xd6\x00\x01\x00\x00\x00\x00\xd3\x2d")
	copy(b[68:], white[8:])
	b = binary.BigEndian.AppendUint32(b, uint32(len(names)+1))
	at := len(b) + 12*(len(names)+1)
	for i, name := range append([]string{"wtpt"}, names...) {
		b = append(b, name...)
		b = binary.BigEndian.AppendUint32(b, uint32(at+min(i, 1)*len(white)))
		b = binary.BigEndian.AppendUint32(b, uint32([]int{len(white), len(lut)}[min(i, 1)]))
	}
	b = append(append(b, white...), lut...)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// TestTables: the table of the perceptual intent stands in for those that are missing.
func TestTables(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	squares := resizetest.JPEG(drawnBy(96, 32, func(x, y int) color.NRGBA {
		c := color.NRGBA{A: 255}
		*[]*uint8{&c.R, &c.G, &c.B}[x/32] = 255
		return c
	}))
	green, blue := color.NRGBA{0, 255, 0, 255}, color.NRGBA{0, 0, 255, 255}
	for _, version := range []byte{2, 4} {
		for _, names := range [][]string{{"A2B0"}, {"A2B1"}, {"A2B0", "A2B2"}, {"A2B0", "A2B1"}, {"A2B0", "A2B1", "A2B2"}} {
			m := view(t, e, withProfile(squares, tables(version, "RGB ", names...)), plainly)
			for i, want := range []color.NRGBA{green, blue, red} {
				if got := m.NRGBAAt(16+32*i, 16); off(got, want) > 14 { // of a JPEG
					t.Errorf("version %d, %v, square %d: %v, want %v", version, names, i, got, want)
				}
			}
		}
	}
	grey := flatPNG{kind: 0, depth: 8}
	m := view(t, e, withChunks(grey.encode(), profileChunk(tables(2, "GRAY", "A2B0"))), plainly)
	if light, dark := m.NRGBAAt(3, 1), m.NRGBAAt(3, flatH-1); light.R <= dark.R || light.R != light.B {
		t.Errorf("inverted grey: %v and %v", light, dark)
	}
	inks := testdata(t, "odd/cmyk-icc.jpg")
	alone := bytes.Replace(bytes.Replace(inks, []byte("A2B1"), []byte("none"), 1), []byte("A2B2"), []byte("nono"), 1)
	if bytes.Equal(inks, alone) {
		t.Fatal("no tables")
	}
	if mean, worst := differ(t, view(t, e, alone, plainly), view(t, e, inks, plainly)); worst > 3 {
		t.Errorf("inks: %.2f off, %d at worst", mean, worst)
	}
}

// withChunks is a PNG with chunks after its header.
func withChunks(src []byte, chunks ...[]byte) []byte {
	const head = 8 + 25
	return slices.Concat(src[:head], slices.Concat(chunks...), src[head:])
}

func profileChunk(profile []byte) []byte {
	return odd.Chunk("iCCP", slices.Concat([]byte("x\x00\x00"), packed(profile)))
}

// TestDeepAlpha: alpha of 16 bits keeps its levels where a profile is applied, in the
// picture's own size and scaled.
func TestDeepAlpha(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	// Colours of which the profile only moves channels: what they are is known.
	moved := func(c color.NRGBA) color.NRGBA { return color.NRGBA{c.B, c.R, c.G, c.A} }
	grey := func(c color.NRGBA) color.NRGBA { g := gammaOf(c.G); return color.NRGBA{g, g, g, c.A} }
	swapped, curve := profileIn(t, "odd/swapped.png"), profileIn(t, "odd/gray-linear.jpg")
	colour := tiff{photo: photoRGB, bits: 16, samples: 4, extra: []int{2}, profile: swapped}
	planes := colour
	planes.separate, planes.big = true, true
	cases := []flat{
		{name: "PNG", src: withChunks(flatPNG{kind: 6, depth: 16}.encode(), profileChunk(swapped)), shows: moved, off: 3},
		{name: "grey PNG", src: withChunks(flatPNG{kind: 4, depth: 16}.encode(), profileChunk(curve)), shows: grey, off: 3},
		{name: "TIFF", src: colour.encode(), shows: moved, off: 3},
		{name: "TIFF, planes", src: planes.encode(), shows: moved, off: 3},
		{name: "grey TIFF", src: tiff{photo: photoBlack, bits: 16, samples: 2, extra: []int{2}, profile: curve}.encode(), shows: grey, off: 3},
	}
	deep := writtenByVips(t, e, cases[0].src, "jxlsave_buffer", []op.Arg{op.Set("lossless", true)}, inSpace("rgb16"))
	cases = append(cases, flat{name: "JPEG XL", src: deep, shows: moved, off: 3})
	for _, c := range cases {
		c.known, c.read = true, true
		c.check(t, e)
		for _, ops := range []string{"8x16,f_png", "5x10,f_png", "40x80,up_1,f_png", "16x16,fit_fill,f_webp,lossless"} {
			m := view(t, e, c.src, ops)
			for _, y := range []int{0, m.Rect.Dy() - 1} {
				want := c.shows(flatAt(y * flatH / m.Rect.Dy()))
				if got := m.NRGBAAt(1, y); got.A != want.A || off(got, want) > c.off {
					t.Errorf("%s, %s, row %d: %v, want %v", c.name, ops, y, got, want)
				}
			}
		}
	}
}

// gammaOf is a sample in linear light with sRGB's curve.
func gammaOf(v uint8) uint8 { return gamma16(float64(v) / 255) }
