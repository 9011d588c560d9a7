package vips

import (
	"fmt"

	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// upright turns a picture as its EXIF orientation says.
func (r *run) upright(im op.Image, orientation int) op.Image {
	if orientation <= 1 {
		return im
	}
	return r.Do("autorot", op.On(r.WithInt(r.InMemory(im), "orientation", orientation)))
}

// turn rotates clockwise by that many degrees.
func (r *run) turn(im op.Image, degrees int) op.Image {
	if degrees == 0 {
		return im
	}
	return r.Do("rot", op.On(im), op.Set("angle", fmt.Sprintf("d%d", degrees)))
}

func (r *run) mirror(im op.Image, f variant.Flip) op.Image {
	if f == variant.FlipH || f == variant.FlipHV {
		im = r.Do("flip", op.On(im), op.Set("direction", "horizontal"))
	}
	if f == variant.FlipV || f == variant.FlipHV {
		im = r.Do("flip", op.On(im), op.Set("direction", "vertical"))
	}
	return im
}
