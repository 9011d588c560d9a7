package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// TestProfilesAreWhole checks what is the same of all profiles, and that each
// is where it ought to be.
func TestProfilesAreWhole(t *testing.T) {
	for name, want := range map[string][]byte{
		"odd/adobe-rgb.jpg": adobeRGB(), "odd/swapped.jpg": swappedRGB(), "odd/gray-linear.jpg": linearGray(), "odd/cmyk-icc.jpg": ownInks(),
	} {
		if !bytes.Contains(read(t, name), append([]byte("ICC_PROFILE\x00\x01\x01"), want...)) {
			t.Errorf("%s has not its profile", name)
		}
		if int(binary.BigEndian.Uint32(want)) != len(want) || string(want[36:40]) != "acsp" || len(want)%4 != 0 {
			t.Errorf("%s: a profile of %d bytes", name, len(want))
		}
	}
}

func TestStoredColours(t *testing.T) {
	for name, want := range map[string][]color.RGBA{
		"odd/swapped.jpg":   {{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}},
		"odd/adobe-rgb.jpg": {{219, 0, 0, 255}, {255, 0, 0, 255}, {255, 0, 0, 255}},
	} {
		m, err := jpeg.Decode(bytes.NewReader(read(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range want {
			near(t, name, m.At(64+128*i, 64), c, 3)
		}
	}
	m, err := png.Decode(bytes.NewReader(read(t, "odd/gray16.png")))
	if err != nil || m.At(200, 9) != (color.Gray16{Y: 200 * 257}) {
		t.Errorf("gray16.png: %v, %v", m.At(200, 9), err)
	}
}

// TestInksAreTheSame decodes YCCK, and looks at the marker that tells it from
// CMYK.
func TestInksAreTheSame(t *testing.T) {
	for name, transform := range map[string]int{"odd/cmyk.jpg": 0, "odd/ycck.jpg": 2, "odd/cmyk-icc.jpg": 0, "odd/cmyk-plain.jpg": -1} {
		got := -1
		if s := segment(read(t, name), 0xee); s != nil {
			got = int(s[11])
		}
		if got != transform {
			t.Errorf("%s: transform %d, want %d", name, got, transform)
		}
	}
	m, err := jpeg.Decode(bytes.NewReader(read(t, "odd/ycck.jpg")))
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range []image.Point{{20, 20}, {460, 20}, {20, 300}, {460, 300}} {
		near(t, "a corner of ycck.jpg", m.At(at.X, at.Y), opaque(corners()[i]), 12)
	}
	m, err = jpeg.Decode(bytes.NewReader(read(t, "odd/cmyk-icc.jpg")))
	if err != nil || m.At(96, 96) != (color.CMYK{C: 255, Y: 255}) {
		t.Errorf("cmyk-icc.jpg: %v, %v", m.At(96, 96), err)
	}
}

func TestCounter(t *testing.T) {
	g, err := gif.DecodeAll(bytes.NewReader(read(t, "odd/counter.gif")))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(g.Delay, []int{10, 20, 5, 40, 100}) || !slices.Equal(g.Disposal, []byte{1, 2, 3, 1, 1}) || g.LoopCount != 2 {
		t.Errorf("delays %v, disposal %v, loops %d", g.Delay, g.Disposal, g.LoopCount)
	}
	for i, s := range steps() {
		if got := color.NRGBAModel.Convert(g.Image[i].At(20*i+10, 30)); got != s.colour {
			t.Errorf("frame %d is %v", i, got)
		}
	}
	var delays []int
	data := read(t, "odd/counter.webp")
	for at := 12; at+8 <= len(data); {
		n := int(binary.LittleEndian.Uint32(data[at+4:]))
		switch string(data[at : at+4]) {
		case "ANMF": // place and size in 12 bytes, then the time
			delays = append(delays, int(data[at+20])|int(data[at+21])<<8)
		case "ANIM":
			if loops := data[at+12]; loops != 3 {
				t.Errorf("%d loops", loops)
			}
		}
		at += 8 + n + n&1
	}
	if !slices.Equal(delays, []int{100, 200, 50, 400, 1000}) {
		t.Errorf("delays %v", delays)
	}
}

func TestDiscsAreOne(t *testing.T) {
	want, err := png.Decode(bytes.NewReader(read(t, "odd/disc.png")))
	if err != nil {
		t.Fatal(err)
	}
	got, err := webp.Decode(bytes.NewReader(read(t, "odd/disc.webp")))
	if err != nil {
		t.Fatal(err)
	}
	for y := range 400 {
		for x := range 400 {
			if color.NRGBAModel.Convert(got.At(x, y)) != want.At(x, y) {
				t.Fatalf("%d,%d is %v, want %v", x, y, got.At(x, y), want.At(x, y))
			}
		}
	}
	if want.At(200, 200) != (color.NRGBA{255, 0, 0, 255}) || want.At(0, 0) != (color.NRGBA{}) {
		t.Errorf("%v in the middle, %v in the corner", want.At(200, 200), want.At(0, 0))
	}
}

// TestIndexOfUltraHDR follows the index to the gain map, which ends the file.
func TestIndexOfUltraHDR(t *testing.T) {
	data := read(t, "odd/ultra-hdr.jpg")
	if string(data[6:10]) != "MPF\x00" {
		t.Fatalf("begins with %q", data[:16])
	}
	entry := data[10+50+16:]
	n, at := int(binary.LittleEndian.Uint32(entry[4:])), 10+int(binary.LittleEndian.Uint32(entry[8:]))
	if at+n != len(data) || string(data[at-2:at+2]) != "\xff\xd9\xff\xd8" {
		t.Errorf("the second picture is %d bytes at %d of %d", n, at, len(data))
	}
	if first := int(binary.LittleEndian.Uint32(data[10+50+4:])); first != at {
		t.Errorf("the first picture is %d bytes, want %d", first, at)
	}
}

func TestFirstPage(t *testing.T) {
	m, err := tiff.Decode(bytes.NewReader(read(t, "odd/pages.tif")))
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds().Dx() != 120 || color.NRGBAModel.Convert(m.At(60, 40)) != (color.NRGBA{255, 0, 0, 255}) {
		t.Errorf("%v, %v", m.Bounds(), m.At(60, 40))
	}
}
