package vips

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/tiff"

	"github.com/thumbery/thumbery/resize"
)

// finish takes the scaled and cut picture, an uncompressed TIFF from libvips,
// turns it upright, lays it on its canvas and flattens it, as p says. It gives
// a TIFF again.
func finish(scaled []byte, orientation int, p resize.Plan) ([]byte, error) {
	m, err := tiff.Decode(bytes.NewReader(scaled))
	if err != nil {
		return nil, fmt.Errorf("between two passes: %w", err)
	}
	src, err := straight(m)
	if err != nil {
		return nil, err
	}
	src = turn(src, orientation)
	if src.Rect.Dx() != p.Cut.Width || src.Rect.Dy() != p.Cut.Height {
		return nil, fmt.Errorf("between two passes: %v instead of %dx%d", src.Rect.Size(), p.Cut.Width, p.Cut.Height)
	}
	if !p.Flattened() {
		return encodeTIFF(lay(src, p), p.CanvasW, p.CanvasH, 4), nil
	}
	return encodeTIFF(flatten(src, p), p.CanvasW, p.CanvasH, 3), nil
}

// straight is m with straight alpha, in RGBA order.
func straight(m image.Image) (*image.NRGBA, error) {
	switch m := m.(type) {
	case *image.NRGBA:
		return m, nil
	case *image.RGBA: // without alpha: libvips writes it as straight
		return &image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}, nil
	}
	return nil, fmt.Errorf("between two passes: unexpected %T", m)
}

// turn returns the upright picture.
func turn(stored *image.NRGBA, orientation int) *image.NRGBA {
	if orientation == 1 {
		return stored
	}
	w, h := stored.Rect.Dx(), stored.Rect.Dy()
	up := image.NewNRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		up = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	// Going one step to the right or down goes the same way in the stored
	// picture everywhere, so that only the corner needs the mapping.
	x0, y0 := resize.StoredPoint(orientation, w, h, 0, 0)
	x1, y1 := resize.StoredPoint(orientation, w, h, 1, 0)
	x2, y2 := resize.StoredPoint(orientation, w, h, 0, 1)
	start := stored.PixOffset(x0, y0)
	right, down := 4*(x1-x0)+stored.Stride*(y1-y0), 4*(x2-x0)+stored.Stride*(y2-y0)
	for y := range up.Rect.Dy() {
		row := up.Pix[y*up.Stride:]
		from := start + y*down
		for x := range up.Rect.Dx() {
			copy(row[4*x:4*x+4], stored.Pix[from:from+4])
			from += right
		}
	}
	return up
}

// lay puts src on a transparent canvas.
func lay(src *image.NRGBA, p resize.Plan) []byte {
	if !p.Letterboxed() {
		return src.Pix
	}
	canvas := image.NewNRGBA(image.Rect(0, 0, p.CanvasW, p.CanvasH))
	for y := range p.Cut.Height {
		copy(canvas.Pix[canvas.PixOffset(p.OffsetX, p.OffsetY+y):], src.Pix[y*src.Stride:y*src.Stride+4*p.Cut.Width])
	}
	return canvas.Pix
}

// flatten puts src on an opaque canvas.
func flatten(src *image.NRGBA, p resize.Plan) []byte {
	c := p.Background
	canvas := image.NewRGBA(image.Rect(0, 0, p.CanvasW, p.CanvasH))
	draw.Draw(canvas, canvas.Rect, image.NewUniform(color.NRGBA{c.R, c.G, c.B, c.A}), image.Point{}, draw.Src)
	at := image.Rect(p.OffsetX, p.OffsetY, p.OffsetX+p.Cut.Width, p.OffsetY+p.Cut.Height)
	draw.Draw(canvas, at, src, image.Point{}, draw.Over)
	return canvas.Pix
}
