package icc

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// TestFromCICP: the primaries of Display P3 come out as those of a profile that others made,
// and every curve at the middle as its standard says.
func TestFromCICP(t *testing.T) {
	t.Parallel()
	src, h := inspected(t, "p3.jpg")
	apple, err := Read(bytes.NewReader(src), h)
	if err != nil {
		t.Fatal(err)
	}
	p3, ok := FromCICP(12, 13, false)
	if !ok || Space(p3) != "RGB " || IsSRGB(p3) || Name(p3) != "CICP" || int(binary.BigEndian.Uint32(p3)) != len(p3) {
		t.Fatalf("%q, %t", p3, ok)
	}
	for _, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		for i := 8; i < 20; i += 4 {
			if got, want := fixed(tag(p3, name)[i:]), fixed(tag(apple, name)[i:]); math.Abs(got-want) > 0.0005 {
				t.Errorf("%s: %f, want %f", name, got, want)
			}
		}
	}
	for _, name := range []string{"rTRC", "gTRC", "bTRC"} {
		if !isSRGBCurve(tag(p3, name)) {
			t.Errorf("%s is not sRGB's: %q", name, tag(p3, name))
		}
	}
	if grey, ok := FromCICP(12, 8, true); !ok || Space(grey) != "GRAY" || tag(grey, "kTRC") == nil {
		t.Errorf("grey: %q, %t", grey, ok)
	}
}

// TestFromCICPEvery asks for all pairs of numbers. White has to be that of all profiles, and
// what is no display or needs tone mapping is refused.
func TestFromCICPEvery(t *testing.T) {
	t.Parallel()
	refused := map[int]bool{9: true, 10: true, 16: true, 17: true, 18: true}
	for colour := range 256 {
		for transfer := range 256 {
			profile, ok := FromCICP(uint8(colour), uint8(transfer), false)
			if want := colour != 10 && !refused[transfer]; ok != want {
				t.Fatalf("%d, %d: %t, want %t", colour, transfer, ok, want)
			}
			if profile == nil {
				continue
			}
			for i, want := range d50 {
				sum := fixed(tag(profile, "rXYZ")[8+4*i:]) + fixed(tag(profile, "gXYZ")[8+4*i:]) + fixed(tag(profile, "bXYZ")[8+4*i:])
				if math.Abs(sum-want) > 0.0005 {
					t.Fatalf("%d, %d: white has %f at %d", colour, transfer, sum, i)
				}
			}
		}
	}
	for _, c := range [][2]uint8{{1, 13}, {1, 1}, {2, 2}, {0, 0}, {255, 255}, {1, 14}} {
		if profile, ok := FromCICP(c[0], c[1], false); profile != nil || !ok {
			t.Errorf("%v is not sRGB", c)
		}
	}
}

func TestMake(t *testing.T) {
	t.Parallel()
	if !IsSRGB(Make(primaries[1], SRGBCurve)) {
		t.Error("sRGB is not recognised")
	}
	for name, p := range map[string]Primaries{
		"in a line": {d65, XY{0.1, 0.1}, XY{0.2, 0.2}, XY{0.3, 0.3}},
		"of zeros":  {},
		"no white":  {XY{0.3, 0}, XY{0.640, 0.330}, XY{0.300, 0.600}, XY{0.150, 0.060}},
	} {
		if profile := Make(p, SRGBCurve); profile != nil {
			t.Errorf("primaries %s: %d bytes", name, len(profile))
		}
	}
}
