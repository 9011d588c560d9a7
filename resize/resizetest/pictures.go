// Package resizetest holds what every resize.Resizer must do (Run), a Resizer
// in plain Go for the tests of others (Fake), and small pictures to test with.
package resizetest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"github.com/thumbery/thumbery/resize"
)

// Quarters is a picture whose four quarters are red, green (top), blue and
// yellow (bottom), so that one can see what was cut and turned.
func Quarters(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, quarter(x, y, w, h))
		}
	}
	return m
}

func quarter(x, y, w, h int) color.NRGBA {
	switch {
	case 2*x < w && 2*y < h:
		return color.NRGBA{220, 30, 30, 255}
	case 2*y < h:
		return color.NRGBA{30, 160, 60, 255}
	case 2*x < w:
		return color.NRGBA{40, 60, 200, 255}
	}
	return color.NRGBA{230, 210, 40, 255}
}

// Stored is upright as a camera with this EXIF orientation stores it.
func Stored(upright *image.NRGBA, orientation int) *image.NRGBA {
	w, h := upright.Rect.Dx(), upright.Rect.Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range upright.Rect.Dy() {
		for x := range upright.Rect.Dx() {
			sx, sy := resize.StoredPoint(orientation, w, h, x, y)
			m.SetNRGBA(sx, sy, upright.NRGBAAt(x, y))
		}
	}
	return m
}

// JPEG encodes m as a baseline JPEG.
func JPEG(m image.Image) []byte {
	if n, ok := m.(*image.NRGBA); ok { // which the encoder asks for each pixel by itself
		m = image.NewRGBA(n.Rect)
		draw.Draw(m.(draw.Image), n.Rect, n, n.Rect.Min, draw.Src)
	}
	var b bytes.Buffer
	must(jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}))
	return b.Bytes()
}

// PNG encodes m as a PNG.
func PNG(m image.Image) []byte {
	var b bytes.Buffer
	must(png.Encode(&b, m))
	return b.Bytes()
}

// Oriented adds EXIF data that says orientation to a JPEG, PNG or simple WebP.
func Oriented(src []byte, orientation int) []byte {
	switch {
	case bytes.HasPrefix(src, []byte("\xff\xd8")):
		return insert(src, 2, jpegSegment(0xe1, append([]byte("Exif\x00\x00"), exif(orientation)...)))
	case bytes.HasPrefix(src, []byte("\x89PNG")):
		return insert(src, 33, pngChunk("eXIf", exif(orientation)))
	case bytes.HasPrefix(src, []byte("RIFF")):
		return orientedWebP(src, orientation)
	}
	panic("resizetest: Oriented takes JPEG, PNG and WebP")
}

// Transparent is a picture of one colour whose left half is fully transparent
// and whose right half is opaque.
func Transparent(w, h int, c color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c.A = 255
			if 2*x < w {
				c.A = 0
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
