package vips

import (
	"encoding/binary"
	"math"
)

// isSRGB reports whether an ICC profile says nothing but sRGB, so that nothing
// has to be done: it has sRGB's primaries, adapted to D50, and its curve, both
// within what 8 bits can show. Most photographs carry such a profile, in many
// spellings. See ICC.1:2022, 7 (tags), 10.6 (curves), 10.18 (parametric curves)
// and 10.31 (XYZ).
func isSRGB(profile []byte) bool {
	p := icc(profile)
	if len(p) < 132 || string(p[16:20]) != "RGB " || string(p[20:24]) != "XYZ " {
		return false
	}
	if p.tag("A2B0") != nil || p.tag("A2B1") != nil { // tables come before primaries
		return false
	}
	for tag, want := range map[string][3]float64{
		"rXYZ": {0.4361, 0.2225, 0.0139},
		"gXYZ": {0.3851, 0.7169, 0.0971},
		"bXYZ": {0.1431, 0.0606, 0.7139},
	} {
		if !p.isXYZ(tag, want) {
			return false
		}
	}
	return p.isSRGBCurve("rTRC") && p.isSRGBCurve("gTRC") && p.isSRGBCurve("bTRC")
}

// icc is the bytes of a profile.
type icc []byte

// tag returns an element of the profile, or nil.
func (p icc) tag(name string) []byte {
	n := binary.BigEndian.Uint32(p[128:])
	for i := range min(n, 100) {
		entry := p[min(132+12*int(i), len(p)):]
		if len(entry) < 12 {
			return nil
		}
		if string(entry[:4]) != name {
			continue
		}
		off, size := uint64(binary.BigEndian.Uint32(entry[4:])), uint64(binary.BigEndian.Uint32(entry[8:]))
		if off+size > uint64(len(p)) {
			return nil
		}
		return p[off : off+size]
	}
	return nil
}

// isXYZ reports whether an element is that colour, to a 250th.
func (p icc) isXYZ(name string, want [3]float64) bool {
	e := p.tag(name)
	if len(e) < 20 || string(e[:4]) != "XYZ " {
		return false
	}
	for i, w := range want {
		if math.Abs(fixed(e[8+4*i:])-w) > 0.004 {
			return false
		}
	}
	return true
}

// fixed is an s15Fixed16Number.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// isSRGBCurve compares an element with sRGB's curve at 16 points.
func (p icc) isSRGBCurve(name string) bool {
	curve := parseCurve(p.tag(name))
	if curve == nil {
		return false
	}
	for i := range 17 {
		x := float64(i) / 16
		if math.Abs(curve(x)-linear(x)) > 0.004 {
			return false
		}
	}
	return true
}

// linear is sRGB's curve, IEC 61966-2-1.
func linear(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// parseCurve reads a table of points or the parametric form that sRGB is written
// in; nil for all else.
func parseCurve(e []byte) func(float64) float64 {
	switch {
	case len(e) >= 12 && string(e[:4]) == "curv":
		n := binary.BigEndian.Uint32(e[8:])
		if n < 2 || uint64(n)*2 > uint64(len(e)-12) {
			return nil
		}
		return table(e[12:], int(n))
	case len(e) >= 12+5*4 && string(e[:4]) == "para" && binary.BigEndian.Uint16(e[8:]) == 3:
		g, a, b, c, d := fixed(e[12:]), fixed(e[16:]), fixed(e[20:]), fixed(e[24:]), fixed(e[28:])
		return func(x float64) float64 {
			if x < d {
				return c * x
			}
			return math.Pow(a*x+b, g)
		}
	}
	return nil
}

// table interpolates between n points of 16 bits.
func table(points []byte, n int) func(float64) float64 {
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(points[2*i:])) / 65535 }
	return func(x float64) float64 {
		pos := x * float64(n-1)
		i := min(int(pos), n-2)
		return at(i) + (pos-float64(i))*(at(i+1)-at(i))
	}
}
