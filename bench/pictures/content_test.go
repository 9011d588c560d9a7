package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// segment finds a JPEG marker segment before the scan.
func segment(data []byte, marker byte) []byte {
	for at := 2; at+4 <= len(data) && data[at] == 0xff && data[at+1] != 0xda; {
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if data[at+1] == marker {
			return data[at+4 : min(end, len(data))]
		}
		at = end
	}
	return nil
}

func TestBaselineAndProgressive(t *testing.T) {
	const baseline, progressive = 0xc0, 0xc2
	for name, marker := range map[string]byte{
		"photos/cat.jpg": baseline, "photos/lake.jpg": baseline, "photos/forest.jpg": baseline,
		"photos/coast.jpg": progressive, "photos/city.jpg": progressive, "photos/portrait.jpg": progressive,
	} {
		if segment(read(t, name), marker) == nil {
			t.Errorf("%s has no frame of type %#x", name, marker)
		}
	}
}

func TestP3HasItsProfile(t *testing.T) {
	icc := segment(read(t, "odd/p3.jpg"), markerApp2)
	icc, ok := bytes.CutPrefix(icc, []byte("ICC_PROFILE\x00\x01\x01"))
	if !ok || !bytes.Equal(icc, displayP3()) {
		t.Fatal("the profile is missing or another")
	}
	if size := int(binary.BigEndian.Uint32(icc)); size != len(icc) || string(icc[36:40]) != "acsp" {
		t.Errorf("the profile says that it is %d bytes and %q, and is %d", size, icc[36:40], len(icc))
	}
	m, err := jpeg.Decode(bytes.NewReader(read(t, "odd/p3.jpg")))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "sRGB's red in P3", m.At(96, 48), color.RGBA{234, 51, 35, 255}, 3)
	near(t, "P3's red", m.At(288, 48), color.RGBA{255, 0, 0, 255}, 3)
}

// near fails unless the colours are within so many of 255 steps.
func near(t *testing.T, what string, got color.Color, want color.RGBA, steps int) {
	t.Helper()
	r, g, b, _ := got.RGBA()
	for _, d := range []int{int(r>>8) - int(want.R), int(g>>8) - int(want.G), int(b>>8) - int(want.B)} {
		if max(d, -d) > steps {
			t.Errorf("%s is %d,%d,%d, want %v", what, r>>8, g>>8, b>>8, want)
			return
		}
	}
}

func TestAlphaEdgesStayRed(t *testing.T) {
	m, err := png.Decode(bytes.NewReader(read(t, "odd/alpha.png")))
	if err != nil {
		t.Fatal(err)
	}
	soft := 0
	for y := range 256 {
		for x := range 256 {
			p, ok := m.(*image.NRGBA)
			if !ok {
				t.Fatalf("decodes to %T", m)
			}
			c := p.NRGBAAt(x, y)
			if c.A > 0 && (c.R != 255 || c.G != 0 || c.B != 0) {
				t.Fatalf("%d,%d is %v", x, y, c)
			}
			if c.A == 0 && c != (color.NRGBA{}) {
				t.Fatalf("%d,%d is transparent, but not black: %v", x, y, c)
			}
			if c.A > 0 && c.A < 255 {
				soft++
			}
		}
	}
	if soft < 5000 {
		t.Errorf("only %d pixels are half transparent", soft)
	}
}

func TestBombIsWellFormed(t *testing.T) {
	data := read(t, "odd/bomb.png")
	var names []string
	for rest := data[8:]; len(rest) >= 12; {
		n := int(binary.BigEndian.Uint32(rest))
		if sum := binary.BigEndian.Uint32(rest[8+n:]); sum != crc32.ChecksumIEEE(rest[4:8+n]) {
			t.Errorf("%s has a wrong checksum", rest[4:8])
		}
		names = append(names, string(rest[4:8]))
		rest = rest[12+n:]
	}
	if got := strings.Join(names, " "); got != "IHDR IDAT IEND" {
		t.Errorf("has the chunks %s", got)
	}
	if len(data) > 4096 {
		t.Errorf("is %d bytes", len(data))
	}
}

func TestDepths(t *testing.T) {
	for name, want := range map[string][2]byte{ // bits, colour type
		"odd/16bit.png": {16, 2}, "odd/palette.png": {8, 3}, "odd/gray-alpha.png": {8, 4}, "odd/alpha.png": {8, 6},
	} {
		if got := [2]byte(read(t, name)[24:26]); got != want {
			t.Errorf("%s has depth and colour %v, want %v", name, got, want)
		}
	}
	if read(t, "odd/interlaced.png")[28] != 1 {
		t.Error("odd/interlaced.png is not interlaced")
	}
}

func TestAnimations(t *testing.T) {
	g, err := gif.DecodeAll(bytes.NewReader(read(t, "odd/animated.gif")))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Image) != frames || g.LoopCount != 0 || g.Delay[3] != frameDelay/10 {
		t.Errorf("%d frames, loop %d, delay %d", len(g.Image), g.LoopCount, g.Delay[3])
	}
	if g.Image[1].Rect.Dx() >= movingW || g.Disposal[1] != gif.DisposalPrevious {
		t.Error("the second frame is not a partial one")
	}
	if n := bytes.Count(read(t, "odd/animated.webp"), []byte("ANMF")); n != frames {
		t.Errorf("animated.webp has %d frames", n)
	}
}

func TestTrailingHasATail(t *testing.T) {
	data := read(t, "odd/trailing.jpg")
	whole := read(t, "odd/orientation-1.jpg")
	end := bytes.Index(data, []byte("\xff\xd9MotionPhoto_Data"))
	if end < len(whole)/2 || len(data)-end < 4096 {
		t.Errorf("the picture ends at %d of %d", end, len(data))
	}
}

func TestCMYKHasFourInks(t *testing.T) {
	data := read(t, "odd/cmyk.jpg")
	if !bytes.HasPrefix(segment(data, 0xee), []byte("Adobe")) {
		t.Error("no Adobe marker")
	}
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if m.ColorModel() != color.CMYKModel {
		t.Fatalf("decodes to %T", m)
	}
	near(t, "the top left corner", m.At(20, 20), opaque(corners()[0]), 12)
}
