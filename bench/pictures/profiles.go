package main

import (
	"encoding/binary"
	"math"
)

// adobeRGB is a version 2 profile of Adobe RGB (1998), as old cameras and
// programs write it: a matrix and a gamma of 563/256.
func adobeRGB() []byte {
	gamma := []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33")
	return profile(iccHead{version: 0x02400000, class: "mntr", space: "RGB "}, []iccTag{
		{"desc", described("Adobe RGB (1998)")},
		{"cprt", []byte("text\x00\x00\x00\x00Public domain\x00")},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", xyz(0.60974, 0.31111, 0.01947)},
		{"gXYZ", xyz(0.20528, 0.62567, 0.06087)},
		{"bXYZ", xyz(0.14919, 0.06322, 0.74457)},
		{"rTRC", gamma},
		{"gTRC", gamma},
		{"bTRC", gamma},
	})
}

// swappedRGB is sRGB with its channels moved on by one: what is stored as red
// is green, green is blue, and blue is red. No engine that ignores profiles, or
// guesses, gets it right.
func swappedRGB() []byte {
	curve := paraCurve()
	red, green, blue := xyz(0.43607, 0.22249, 0.01392), xyz(0.38515, 0.71687, 0.09708), xyz(0.14307, 0.06061, 0.71410)
	return profile(iccHead{version: 0x04000000, class: "mntr", space: "RGB "}, []iccTag{
		{"desc", localized("Swapped channels")},
		{"cprt", localized("Public domain")},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", green},
		{"gXYZ", blue},
		{"bXYZ", red},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
	})
}

// linearGray is a profile of grey without gamma.
func linearGray() []byte {
	return profile(iccHead{version: 0x04000000, class: "mntr", space: "GRAY"}, []iccTag{
		{"desc", localized("Linear grey")},
		{"cprt", localized("Public domain")},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"kTRC", []byte("curv\x00\x00\x00\x00\x00\x00\x00\x00")}, // no entries: the identity
	})
}

// inkColours are what full cyan, magenta, yellow and black look like in the
// profile of ownInks, chosen so that no common profile has them. Where inks lie
// on each other their sRGB values are multiplied; paper is white.
func inkColours() [4]rgb {
	return [4]rgb{hex(0x008cbe), hex(0xc8146e), hex(0xfadc00), hex(0x282828)}
}

// printed is the colour of inks, each 0 or 1.
func printed(inks [4]int) rgb {
	c := rgb{1, 1, 1}
	for i, k := range inks {
		if k > 0 {
			ink := inkColours()[i]
			c = rgb{c.r * ink.r, c.g * ink.g, c.b * ink.b}
		}
	}
	return c
}

// ownInks is a profile of four inks: a table of their 16 combinations
// (ICC.1:2010, 10.8, lut16Type).
func ownInks() []byte {
	lut := []byte("mft2\x00\x00\x00\x00\x04\x03\x02\x00")
	lut = fixed16(lut, 1, 0, 0, 0, 1, 0, 0, 0, 1)
	lut = append(lut, 0, 2, 0, 2) // entries of the input and output tables
	identity := []byte{0, 0, 0xff, 0xff}
	for range 4 {
		lut = append(lut, identity...)
	}
	for i := range 16 {
		lut = append(lut, lab16(printed([4]int{i >> 3 & 1, i >> 2 & 1, i >> 1 & 1, i & 1}))...)
	}
	for range 3 {
		lut = append(lut, identity...)
	}
	return profile(iccHead{version: 0x02400000, class: "prtr", space: "CMYK", pcs: "Lab "}, []iccTag{
		{"desc", described("Own inks")},
		{"cprt", []byte("text\x00\x00\x00\x00Public domain\x00")},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"A2B0", lut}, // of each rendering intent
		{"A2B1", lut},
		{"A2B2", lut},
	})
}

// lab16 codes an sRGB colour as L*a*b* of D50 in 16 bits (ICC.1:2010, table 40).
func lab16(c rgb) []byte {
	r, g, b := linear(c.r), linear(c.g), linear(c.b)
	f := func(t float64) float64 {
		if t > 216./24389 {
			return math.Cbrt(t)
		}
		return (24389./27*t + 16) / 116
	}
	x := f((0.43607*r + 0.38515*g + 0.14307*b) / 0.9642)
	y := f(0.22249*r + 0.71687*g + 0.06061*b)
	z := f((0.01392*r + 0.09708*g + 0.71410*b) / 0.8249)
	var out []byte
	for _, v := range []float64{(116*y - 16) * 652.8, (500*(x-y) + 128) * 256, (200*(y-z) + 128) * 256} {
		out = binary.BigEndian.AppendUint16(out, uint16(math.Round(min(max(v, 0), 65535))))
	}
	return out
}

// described is a textDescriptionType, version 2's name of a profile, without its
// Unicode and Macintosh spellings.
func described(s string) []byte {
	b := []byte("desc\x00\x00\x00\x00")
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)+1))
	b = append(append(b, s...), 0)
	return append(b, make([]byte, 4+4+2+1+67)...)
}

// inAdobe gives the Adobe RGB coordinates of an sRGB colour; both have one
// white.
func inAdobe(c rgb) rgb {
	r, g, b := linear(c.r), linear(c.g), linear(c.b)
	code := func(v float64) float64 { return math.Pow(clamp01(v), 256./563) }
	return rgb{code(0.715126*r + 0.284874*g), code(g), code(0.041162*g + 0.958838*b)}
}
