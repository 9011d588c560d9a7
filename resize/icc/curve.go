package icc

import (
	"bytes"
	"encoding/binary"
	"math"
)

// SRGBLight is sRGB's curve, IEC 61966-2-1: how light grows with a sample, both from 0 to 1.
func SRGBLight(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// Identity is the curve of samples that are linear, such as those of alpha.
func Identity(x float64) float64 { return x }

// Light is the curve of a profile, which its channels share; nil if they do not, if the profile
// has tables, which take precedence over curves, or if it is none that can be read.
func Light(profile []byte) func(float64) float64 {
	if tag(profile, "A2B0") != nil || tag(profile, "A2B1") != nil {
		return nil
	}
	if Space(profile) == "GRAY" {
		return parseCurve(tag(profile, "kTRC"))
	}
	red := tag(profile, "rTRC")
	if !bytes.Equal(red, tag(profile, "gTRC")) || !bytes.Equal(red, tag(profile, "bTRC")) {
		return nil
	}
	return parseCurve(red)
}

// fixed is an s15Fixed16Number.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// parseCurve reads the data of a tag: points, a power or a parametric curve (ICC.1:2022, 10.6 and
// 10.18); nil if it is none of them.
func parseCurve(e []byte) func(float64) float64 {
	switch {
	case len(e) >= 12 && string(e[:4]) == "curv":
		return parsePoints(e[12:], uint64(binary.BigEndian.Uint32(e[8:])))
	case len(e) >= 12 && string(e[:4]) == "para":
		return parametric(e[12:], binary.BigEndian.Uint16(e[8:]))
	}
	return nil
}

// parsePoints reads n points of 16 bits. None are the identity, and one is an exponent.
func parsePoints(points []byte, n uint64) func(float64) float64 {
	switch {
	case 2*n > uint64(len(points)):
		return nil
	case n == 0:
		return Identity
	case n == 1:
		exponent := float64(binary.BigEndian.Uint16(points)) / 256
		return func(x float64) float64 { return math.Pow(x, exponent) }
	}
	return interpolated(points, int(n))
}

// interpolated is the curve through n points.
func interpolated(points []byte, n int) func(float64) float64 {
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(points[2*i:])) / 65535 }
	return func(x float64) float64 {
		pos := x * float64(n-1)
		i := min(int(pos), n-2)
		return at(i) + (pos-float64(i))*(at(i+1)-at(i))
	}
}

// parametric reads the numbers of a kind of curve: all are (a*x+b)^g + e from d on, and c*x + f
// below.
func parametric(numbers []byte, kind uint16) func(float64) float64 {
	count := map[uint16]int{0: 1, 1: 3, 2: 4, 3: 5, 4: 7}[kind]
	if count == 0 || len(numbers) < 4*count {
		return nil
	}
	p := [7]float64{1: 1} // g a b c d e f
	for i := range count {
		p[i] = fixed(numbers[4*i:])
	}
	switch kind {
	case 1, 2: // which begin where the power does, with a constant below
		p[5], p[6] = p[3], p[3]
		p[3], p[4] = 0, -p[2]/p[1]
	}
	return func(x float64) float64 {
		if x < p[4] {
			return p[3]*x + p[6]
		}
		return math.Pow(p[1]*x+p[2], p[0]) + p[5]
	}
}
