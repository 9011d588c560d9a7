package icc

import (
	"bytes"
	"math"
	"testing"
)

// TestParseCurve: every kind of curve, at the middle and low down.
func TestParseCurve(t *testing.T) {
	t.Parallel()
	curv := func(points string) []byte {
		return []byte("curv\x00\x00\x00\x00\x00\x00\x00" + string(rune(len(points)/2)) + points)
	}
	para := func(kind byte, numbers ...float64) []byte {
		return fixeds("para\x00\x00\x00\x00\x00"+string(rune(kind))+"\x00\x00", numbers...)
	}
	for _, c := range []struct {
		name        string
		data        []byte
		low, middle float64 // at 0.02 and 0.5
	}{
		{"none", curv(""), 0.02, 0.5},
		{"2.2", curv("\x02\x33"), math.Pow(0.02, 563./256), math.Pow(0.5, 563./256)},
		{"three points", curv("\x00\x00\x40\x00\xff\xff"), 0.01, 0.25},
		{"power", para(0, 1.8), math.Pow(0.02, 1.8), math.Pow(0.5, 1.8)},
		{"from 0.1 on", para(1, 2, 2, -0.2), 0, 0.64},
		{"from 0.1 on, above a constant", para(2, 2, 1, -0.1, 0.1), 0.1, 0.26},
		{"sRGB", para(3, SRGBCurve...), SRGBLight(0.02), SRGBLight(0.5)},
		{"seven numbers", para(4, 2, 1, 0, 0.5, 0.1, 0.2, 0.05), 0.06, 0.45},
	} {
		curve := parseCurve(c.data)
		if curve == nil {
			t.Fatalf("%s: %q is none", c.name, c.data)
		}
		if low, middle := curve(0.02), curve(0.5); math.Abs(low-c.low) > 0.0005 || math.Abs(middle-c.middle) > 0.0005 {
			t.Errorf("%s: %f and %f, want %f and %f", c.name, low, middle, c.low, c.middle)
		}
		for n := range c.data {
			if cut := parseCurve(c.data[:n]); cut != nil {
				t.Errorf("%s: a curve of %d bytes", c.name, n)
			}
		}
	}
	if parseCurve(para(5, 1, 1, 1, 1, 1, 1, 1)) != nil {
		t.Error("a kind that is not known")
	}
}

// TestLight: a curve only where it is that of all channels, and where no table takes precedence.
func TestLight(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]float64{"p3.jpg": SRGBLight(0.5), "adobe-rgb.jpg": math.Pow(0.5, 563./256), "gray-linear.jpg": 0.5, "cmyk-icc.jpg": 0} {
		src, h := inspected(t, name)
		profile, err := Read(bytes.NewReader(src), h)
		if err != nil {
			t.Fatal(err)
		}
		curve := Light(profile)
		if got := 0.0; curve != nil {
			got = curve(0.5)
			if math.Abs(got-want) > 0.001 {
				t.Errorf("%s: %f, want %f", name, got, want)
			}
		} else if want > 0 {
			t.Errorf("%s: none", name)
		}
		if name == "p3.jpg" && (Light(bytes.Replace(profile, []byte("desc"), []byte("A2B0"), 1)) != nil || Light(bytes.Replace(profile, []byte("bTRC"), []byte("none"), 1)) != nil) {
			t.Error("a curve beside a table, or for two channels")
		}
	}
	if Light(nil) != nil {
		t.Error("a curve of nothing")
	}
}
