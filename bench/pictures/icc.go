package main

import (
	"cmp"
	"encoding/binary"
	"math"
	"unicode/utf16"
)

// displayP3 is a version 4 ICC profile of Display P3: a matrix and one
// parametric curve (ICC.1:2010 chapters 7 to 10).
func displayP3() []byte {
	curve := paraCurve()
	tags := []iccTag{
		{"desc", localized("Display P3")},
		{"cprt", localized("Public domain")},
		{"wtpt", xyz(0.9642, 1, 0.8249)}, // D50, as every v4 display profile
		// P3's primaries and D65 white, adapted to D50 by Bradford.
		{"rXYZ", xyz(0.51512, 0.24120, -0.00105)},
		{"gXYZ", xyz(0.29198, 0.69225, 0.04189)},
		{"bXYZ", xyz(0.15710, 0.06657, 0.78407)},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
		// Bradford, D65 to D50.
		{"chad", matrix(1.04788, 0.02292, -0.05020, 0.02960, 0.99048, -0.01706, -0.00923, 0.01508, 0.75168)},
	}
	return profile(iccHead{version: 0x04000000, class: "mntr", space: "RGB "}, tags)
}

type iccTag struct {
	name string
	data []byte
}

// iccHead holds the fields in which the headers of profiles differ.
type iccHead struct {
	version           uint32
	class, space, pcs string // pcs "" stands for XYZ
}

// profile puts the header and the tag table before the tags; equal neighbours
// share their data.
func profile(head iccHead, tags []iccTag) []byte {
	const header = 128
	at := header + 4 + 12*len(tags)
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var body []byte
	last := -1
	for i, t := range tags {
		if last < 0 || string(tags[last].data) != string(t.data) {
			last = i
			body = append(body, t.data...)
			body = append(body, make([]byte, -len(body)&3)...)
		}
		start := at + len(body) - (len(t.data)+3)&^3
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(start))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t.data)))
	}
	return append(append(head.header(at+len(body)), table...), body...)
}

func (i iccHead) header(size int) []byte {
	h := make([]byte, 128)
	binary.BigEndian.PutUint32(h, uint32(size))
	binary.BigEndian.PutUint32(h[8:], i.version)
	copy(h[12:], i.class+i.space+cmp.Or(i.pcs, "XYZ "))
	for j, v := range []uint16{2024, 1, 1, 0, 0, 0} { // created: a fixed date
		binary.BigEndian.PutUint16(h[24+2*j:], v)
	}
	copy(h[36:], "acsp")
	copy(h[68:], xyz(0.9642, 1, 0.8249)[8:]) // the connection space's white
	return h
}

// fixed16 is an s15Fixed16Number.
func fixed16(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
	}
	return b
}

func xyz(x, y, z float64) []byte { return fixed16([]byte("XYZ \x00\x00\x00\x00"), x, y, z) }

func matrix(values ...float64) []byte {
	return fixed16([]byte("sf32\x00\x00\x00\x00"), values...)
}

// paraCurve is sRGB's transfer function, which Display P3 has too: function
// type 3 with g, a, b, c, d.
func paraCurve() []byte {
	return fixed16([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"), 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
}

// localized is a multiLocalizedUnicode with one American English string.
func localized(s string) []byte {
	text := utf16.Encode([]rune(s))
	b := []byte("mluc\x00\x00\x00\x00")
	b = binary.BigEndian.AppendUint32(b, 1)  // records
	b = binary.BigEndian.AppendUint32(b, 12) // bytes a record
	b = append(b, "enUS"...)
	b = binary.BigEndian.AppendUint32(b, uint32(2*len(text)))
	b = binary.BigEndian.AppendUint32(b, 28) // where the text is
	for _, u := range text {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return b
}

// inP3 gives the Display P3 coordinates of an sRGB colour. Both have the same
// white, so the matrix is P3's inverse times sRGB's without adaptation.
func inP3(c rgb) rgb {
	r, g, b := linear(c.r), linear(c.g), linear(c.b)
	return rgb{
		coded(0.822462*r + 0.177538*g),
		coded(0.033194*r + 0.966806*g),
		coded(0.017083*r + 0.072397*g + 0.910520*b),
	}
}

// linear undoes sRGB's transfer function (IEC 61966-2-1).
func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// coded is linear's inverse.
func coded(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}
