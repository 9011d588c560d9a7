package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"testing"
)

// orientationOf reads the tag the way a reader would, in either byte order.
func orientationOf(data []byte) int {
	tiff, ok := bytes.CutPrefix(segment(data, markerApp1), []byte("Exif\x00\x00"))
	if !ok {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	entry := tiff[order.Uint32(tiff[4:])+2:]
	if order.Uint16(entry) != 0x0112 {
		return 0
	}
	return int(order.Uint16(entry[8:]))
}

// turns are what a viewer does for each orientation, in quarter turns
// clockwise, after a mirroring of left and right where it says so. They are
// the table of the EXIF manuals, not derived from the generator's.
func turns(o int) (mirrored bool, quarters int) {
	switch o {
	case 2:
		return true, 0
	case 3:
		return false, 2
	case 4:
		return true, 2
	case 5:
		return true, 3
	case 6:
		return false, 1
	case 7:
		return true, 1
	case 8:
		return false, 3
	default:
		return false, 0
	}
}

func turnedUp(m image.Image, o int) image.Image {
	mirrored, quarters := turns(o)
	if mirrored {
		m = remapped(m, false, func(x, y, w, _ int) (int, int) { return w - 1 - x, y })
	}
	for range quarters {
		m = remapped(m, true, func(x, y, _, h int) (int, int) { return h - 1 - y, x })
	}
	return m
}

// remapped moves every pixel to where f says; swap exchanges the sides.
func remapped(m image.Image, swap bool, f func(x, y, w, h int) (int, int)) image.Image {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if swap {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			nx, ny := f(x, y, w, h)
			out.Set(nx, ny, m.At(x, y))
		}
	}
	return out
}

func TestOrientationsLookTheSameUpright(t *testing.T) {
	want, err := scene(1)
	if err != nil {
		t.Fatal(err)
	}
	for o := 1; o <= 8; o++ {
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			data := read(t, fmt.Sprintf("odd/orientation-%d.jpg", o))
			if got := orientationOf(data); got != o {
				t.Fatalf("the tag says %d", got)
			}
			m, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			up := turnedUp(m, o)
			if up.Bounds() != want.Bounds() {
				t.Fatalf("upright it is %v", up.Bounds())
			}
			for _, at := range []image.Point{{20, 20}, {460, 20}, {20, 300}, {460, 300}, {150, 200}, {350, 150}, {240, 300}} {
				near(t, at.String(), up.At(at.X, at.Y), want.RGBAAt(at.X, at.Y), 8)
			}
		})
	}
}
