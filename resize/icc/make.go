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
	b := newBuilder("RGB ")
	for i, name := range []string{"r", "g", "b"} {
		b.add(name+"XYZ", xyz(colours[i]))
		b.add(name+"TRC", c.tag())
	}
	return b.profile()
}

// MakeGrey writes a profile for grey.
func MakeGrey(c Curve) []byte {
	b := newBuilder("GRAY")
	b.add("kTRC", c.tag())
	return b.profile()
}

// description is the name "CICP", in the form of version 4.
var description = []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS\x00\x00\x00\x08\x00\x00\x00\x1c\x00C\x00I\x00C\x00P")

// builder collects the tags of a profile (ICC.1:2022, 7).
type builder struct {
	space       string
	count       int
	table, data []byte
}

func newBuilder(space string) *builder {
	b := &builder{space: space}
	b.add("desc", description)
	b.add("wtpt", xyz(d50))
	return b
}

func (b *builder) add(name string, data []byte) {
	b.count++
	b.table = append(b.table, name...)
	b.table = binary.BigEndian.AppendUint32(b.table, uint32(len(b.data))) // moved by profile
	b.table = binary.BigEndian.AppendUint32(b.table, uint32(len(data)))
	b.data = append(b.data, data...)
	b.data = append(b.data, make([]byte, -len(data)&3)...)
}

func (b *builder) profile() []byte {
	out := make([]byte, headerBytes, headerBytes+4+len(b.table)+len(b.data))
	copy(out[8:], "\x04\x30\x00\x00mntr"+b.space+"XYZ ")
	copy(out[36:], "acsp")
	copy(out[68:], xyz(d50)[8:])
	out = binary.BigEndian.AppendUint32(out, uint32(b.count))
	out = append(out, b.table...)
	for entry := headerBytes + 4; entry < len(out); entry += 12 {
		at := out[entry+4:]
		binary.BigEndian.PutUint32(at, binary.BigEndian.Uint32(at)+uint32(len(out)))
	}
	out = append(out, b.data...)
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
