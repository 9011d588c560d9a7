package icc

import (
	"encoding/binary"
	"math"
)

// XY is a colour's chromaticity, CIE 1931.
type XY [2]float64

// Primaries are the colours that full red, green and blue, and all three together, have.
type Primaries struct{ White, Red, Green, Blue XY }

// Curve says how light grows with a sample, both from 0 to 1: one number is the exponent
// of a power; of five, g a b c d, the curve is (a*x+b)^g from d on, and c*x below.
type Curve []float64

// SRGBCurve is that of IEC 61966-2-1.
var SRGBCurve = Curve{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045}

// Make writes a profile for RGB; nil where the primaries span no colours.
func Make(p Primaries, c Curve) []byte {
	colours, ok := p.toD50()
	if !ok {
		return nil
	}
	var tags []tagData
	for i, name := range []string{"r", "g", "b"} {
		tags = append(tags, tagData{name + "XYZ", xyz(colours[i])}, tagData{name + "TRC", c.tag()})
	}
	return profileOf("RGB ", tags...)
}

// MakeGrey writes a profile for grey.
func MakeGrey(c Curve) []byte { return profileOf("GRAY", tagData{"kTRC", c.tag()}) }

// description is the name "CICP", in the form of version 4.
var description = []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS\x00\x00\x00\x08\x00\x00\x00\x1c\x00C\x00I\x00C\x00P")

type tagData struct {
	name string
	data []byte
}

// profileOf writes a profile with these tags (ICC.1:2022, 7), its name and its white.
func profileOf(space string, tags ...tagData) []byte {
	tags = append([]tagData{{"desc", description}, {"wtpt", xyz(d50)}}, tags...)
	out := make([]byte, headerBytes)
	copy(out[8:], "\x04\x30\x00\x00mntr"+space+"XYZ ")
	copy(out[36:], "acsp")
	copy(out[68:], xyz(d50)[8:])
	out = binary.BigEndian.AppendUint32(out, uint32(len(tags)))
	start, data := len(out)+12*len(tags), []byte(nil)
	for _, t := range tags {
		out = append(out, t.name...)
		out = binary.BigEndian.AppendUint32(out, uint32(start+len(data)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t.data)))
		data = append(data, t.data...)
		data = append(data, make([]byte, -len(data)&3)...)
	}
	out = append(out, data...)
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

// tag is the data of a tag with the curve (10.18).
func (c Curve) tag() []byte {
	kind := "\x00\x00"
	if len(c) == 5 {
		kind = "\x00\x03"
	}
	return fixeds("para\x00\x00\x00\x00"+kind+"\x00\x00", c...)
}

func xyz(v vector) []byte { return fixeds("XYZ \x00\x00\x00\x00", v[:]...) }

// fixeds is head and numbers as s15Fixed16Number.
func fixeds(head string, numbers ...float64) []byte {
	out := []byte(head)
	for _, x := range numbers {
		out = binary.BigEndian.AppendUint32(out, uint32(int32(math.Round(x*65536))))
	}
	return out
}
