package icc

import "math"

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

// isSRGBCurve compares the data of a tag with sRGB's curve at 17 points.
func isSRGBCurve(e []byte) bool {
	curve := parseCurve(e)
	if curve == nil {
		return false
	}
	for i := range 17 {
		x := float64(i) / 16
		if math.Abs(curve(x)-SRGBLight(x)) > 0.004 {
			return false
		}
	}
	return true
}
