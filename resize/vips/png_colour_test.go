package vips

import (
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// numbers is a chunk of numbers of 32 bits.
func numbers(kind string, list ...uint32) []byte {
	var b []byte
	for _, n := range list {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return odd.Chunk(kind, b)
}

// codePoints is a cICP chunk: primaries, transfer, matrix, full range.
func codePoints(list ...byte) []byte { return odd.Chunk("cICP", list) }

// TestPNGColours: cICP takes precedence over iCCP, that over sRGB, that over gAMA with cHRM.
// The picture has 3 squares, of a red, a green and a grey.
func TestPNGColours(t *testing.T) {
	t.Parallel()
	squares := drawnBy(96, 32, func(x, y int) color.NRGBA {
		return []color.NRGBA{{234, 51, 35, 255}, {117, 251, 76, 255}, {100, 100, 100, 255}}[x/32]
	})
	grey := func(v float64) color.NRGBA { g := uint8(math.Round(v)); return color.NRGBA{g, g, g, 255} }
	asStored := [3]color.NRGBA{{234, 51, 35, 255}, {117, 251, 76, 255}, grey(100)}
	asP3 := [3]color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, grey(100)}
	moved := [3]color.NRGBA{{35, 234, 51, 255}, {76, 117, 251, 255}, grey(100)}
	light := func(list [3]color.NRGBA) (out [3]color.NRGBA) {
		for i, c := range list {
			out[i] = color.NRGBA{gammaOf(c.R), gammaOf(c.G), gammaOf(c.B), 255}
		}
		return out
	}
	power := func(exponent float64) (out [3]color.NRGBA) {
		of := func(v uint8) uint8 { return gamma16(math.Pow(float64(v)/255, exponent)) }
		for i, c := range asStored {
			out[i] = color.NRGBA{of(c.R), of(c.G), of(c.B), 255}
		}
		return out
	}
	var (
		p3      = codePoints(12, 13, 0, 1)
		srgb    = codePoints(1, 13, 0, 1)
		pq      = codePoints(9, 16, 0, 1)
		swapped = profileChunk(profileIn(t, "odd/swapped.png"))
		linear  = numbers("gAMA", 100_000)
		usual   = numbers("gAMA", 45_455)
		chrm    = numbers("cHRM", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
		chrmP3  = numbers("cHRM", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
		flat    = numbers("cHRM", 31270, 32900, 30000, 30000, 30000, 30000, 30000, 30000)
		said    = odd.Chunk("sRGB", []byte{0})
		hdr     = [][]byte{numbers("mDCV", 1, 2, 3, 4, 5, 6), numbers("cLLI", 1, 2)}
	)
	for _, c := range []struct {
		name   string
		chunks [][]byte
		want   [3]color.NRGBA
	}{
		{"nothing", nil, asStored},
		{"P3 in cICP", [][]byte{p3}, asP3},
		{"P3 in cICP, with what is said of the screen", append(hdr, p3), asP3},
		{"cICP before iCCP, sRGB, gAMA", [][]byte{linear, chrm, said, swapped, p3}, asP3},
		{"sRGB in cICP before iCCP", [][]byte{swapped, srgb}, asStored},
		{"linear in cICP", [][]byte{codePoints(1, 8, 0, 1)}, light(asStored)},
		{"PQ with a profile for others", [][]byte{pq, swapped}, moved},
		{"iCCP before sRGB and gAMA", [][]byte{linear, chrm, said, swapped}, moved},
		{"sRGB before gAMA", [][]byte{linear, chrmP3, said}, asStored},
		{"linear", [][]byte{linear}, light(asStored)},
		{"linear, primaries of sRGB", [][]byte{linear, chrm}, light(asStored)},
		{"1/1.8", [][]byte{numbers("gAMA", 55_556)}, power(1.8)},
		{"usual", [][]byte{usual, chrm}, asStored},
		{"nearly usual", [][]byte{numbers("gAMA", 45_000)}, asStored},
		{"primaries of P3", [][]byte{usual, chrmP3}, asP3},
		{"primaries without gAMA", [][]byte{chrmP3}, asStored},
		{"primaries that are none", [][]byte{linear, flat}, light(asStored)},
		{"gAMA of nothing", [][]byte{numbers("gAMA", 0)}, asStored},
		{"gAMA beyond sense", [][]byte{numbers("gAMA", 1)}, asStored},
		{"cut short", [][]byte{odd.Chunk("gAMA", []byte{1}), odd.Chunk("cICP", []byte{12})}, asStored},
	} {
		for _, choice := range []engine.Choice{engine.Auto, engine.Bimg} {
			e := engineOf(t, engine.Config{Choice: choice})
			for name, m := range map[string]image.Image{"8 bits": squares, "16 bits": deep(squares)} {
				out := view(t, e, withChunks(resizetest.PNG(m), c.chunks...), "48x,f_png")
				for i, want := range c.want {
					steps := 5
					if c.want == asP3 { // which is rounded, and at the edge of sRGB
						steps = 17
					}
					if got := out.NRGBAAt(8+16*i, 8); off(got, want) > steps {
						t.Errorf("%s, %s, %s, square %d: %v, want %v", choice, c.name, name, i, got, want)
					}
				}
			}
		}
	}
}

// gamma16 is light, from 0 to 1, as a sample of sRGB.
func gamma16(light float64) uint8 {
	if light <= 0.0031308 {
		return uint8(math.Round(255 * 12.92 * light))
	}
	return uint8(math.Round(255 * (1.055*math.Pow(light, 1/2.4) - 0.055)))
}

// TestPNGColoursOfOthers: grey, palettes and alpha.
func TestPNGColoursOfOthers(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	of := func(c color.NRGBA) color.NRGBA { return color.NRGBA{gammaOf(c.R), gammaOf(c.G), gammaOf(c.B), c.A} }
	for kind, depths := range [][]int{0: {1, 4, 8, 16}, 2: {8}, 3: {1, 8}, 4: {8, 16}, 6: {8, 16}} {
		for _, depth := range depths {
			f := flatPNG{kind: kind, depth: depth}
			for name, chunk := range map[string][]byte{"gAMA": numbers("gAMA", 100_000), "cICP": codePoints(1, 8, 0, 1)} {
				src := withChunks(f.encode(), chunk)
				flat{sprint("%s, %+v", name, f), src, true, true, func(c color.NRGBA) color.NRGBA { return of(f.shows(c)) }, 2}.check(t, e, "8x16,f_jpeg", "info")
			}
			if src := withChunks(f.encode(), codePoints(9, 16, 0, 1)); kind != 0 {
				if _, err := asked(e, src, plainly); !errors.Is(err, header.ErrNotPicture) {
					t.Errorf("%+v in PQ: %v", f, err)
				}
			}
		}
	}
	for name, chunk := range map[string][]byte{"PQ": codePoints(9, 16, 0, 1), "HLG": codePoints(9, 18, 0, 1), "YCbCr": codePoints(1, 13, 1, 1), "narrow range": codePoints(1, 13, 0, 0)} {
		for _, ops := range []string{plainly, "4x4,f_jpeg", "info", "trim,f_png"} {
			if _, err := asked(e, withChunks(flatPNG{kind: 2, depth: 8}.encode(), chunk), ops); !errors.Is(err, header.ErrNotPicture) {
				t.Errorf("%s, %s: %v", name, ops, err)
			}
		}
	}
}
