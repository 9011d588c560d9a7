package icc

import (
	"encoding/binary"
	"math"
)

// IsSRGB reports whether a profile describes sRGB, so that pixels need no
// conversion: it has sRGB's primaries, adapted to D50, and sRGB's curve, both to
// the precision of 8 bits. Most photographs carry such a profile, in many spellings.
// See ICC.1:2022, 7 (tags), 10.6 (curves), 10.18 (parametric curves) and 10.31 (XYZ).
func IsSRGB(profile []byte) bool {
	if len(profile) < headerBytes || Space(profile) != "RGB " || string(profile[20:24]) != "XYZ " {
		return false
	}
	if tag(profile, "A2B0") != nil || tag(profile, "A2B1") != nil { // tables take precedence over primaries
		return false
	}
	for name, want := range map[string][3]float64{
		"rXYZ": {0.4361, 0.2225, 0.0139},
		"gXYZ": {0.3851, 0.7169, 0.0971},
		"bXYZ": {0.1431, 0.0606, 0.7139},
	} {
		if !isXYZ(tag(profile, name), want) {
			return false
		}
	}
	return isSRGBCurve(tag(profile, "rTRC")) && isSRGBCurve(tag(profile, "gTRC")) && isSRGBCurve(tag(profile, "bTRC"))
}

// isXYZ reports whether the data of a tag is this colour, to a 250th.
func isXYZ(e []byte, want [3]float64) bool {
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

// isSRGBCurve compares the data of a tag with sRGB's curve at 17 points.
func isSRGBCurve(e []byte) bool {
	curve := parseCurve(e)
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

// parseCurve reads a table of points, or the parametric form in which sRGB is
// written; it returns nil for any other data.
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
