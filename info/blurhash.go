package info

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/bbrks/go-blurhash"
	scale "golang.org/x/image/draw"
)

// blurSide is the side of what a BlurHash is made of. Each pixel costs twelve
// cosines and powers; with fewer pixels, it finds waves where there are none, as
// its samples are not in the middle of the pixels.
const blurSide = 48

// blurHash returns the BlurHash (https://blurha.sh) of m, with four waves along
// the longer side and three along the other. It has no alpha: what is
// transparent is white, as it is in a JPEG.
func blurHash(m *image.NRGBA) (string, error) {
	// A square, whatever the proportions: they are not in the hash, but would leave
	// a thin picture with too few pixels.
	flat := image.NewNRGBA(image.Rect(0, 0, blurSide, blurSide))
	draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	scale.CatmullRom.Scale(flat, flat.Rect, m, m.Rect, scale.Over, nil)
	if m.Rect.Dx() < m.Rect.Dy() {
		return blurhash.Encode(3, 4, flat)
	}
	return blurhash.Encode(4, 3, flat)
}
