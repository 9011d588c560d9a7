package info

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/bbrks/go-blurhash"
	"go.n16f.net/thumbhash"
	scale "golang.org/x/image/draw"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// A placeholder is enlarged and blurred by the page: more pixels or a higher quality would
// only make the page longer.
const (
	placeholderSide    = 24
	placeholderQuality = 50
)

// placeholderFormat is the shortest that every browser shows: WebP, with some 150 bytes. If
// the engine cannot write it, JPEG, or PNG with alpha.
func (d *Describer) placeholderFormat(alpha bool) variant.Format {
	switch {
	case d.resizer.CanWrite(variant.WebP):
		return variant.WebP
	case alpha:
		return variant.PNG
	}
	return variant.JPEG
}

// placeholder makes a data URI (RFC 2397) of the small image. Since the engine has made that
// image, an error is ours, or that of ctx.
func (d *Describer) placeholder(ctx context.Context, small []byte) (string, error) {
	h, err := header.Inspect(ctx, bytes.NewReader(small), int64(len(small)), header.FormatsOf(variant.PNG))
	if err != nil {
		return "", fmt.Errorf("the small image of the engine: %v", err)
	}
	v := variant.Variant{
		Width: placeholderSide, Height: placeholderSide, Fit: variant.FitInside,
		Format: d.placeholderFormat(h.Alpha), Quality: placeholderQuality,
	}
	p, err := resize.NewPlan(h, v, 0, d.settings)
	if err != nil {
		return "", fmt.Errorf("the placeholder: %v", err)
	}
	data, err := d.resizer.Resize(ctx, resize.InMemory(small), h, p)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("the placeholder: %v", err)
	}
	return "data:" + header.MediaType(v.Format) + ";base64," + base64.StdEncoding.EncodeToString(data), nil
}

// blurSide is the side of the image that a BlurHash is made of, in pixels. Each costs twelve
// cosines and powers. With fewer, the hash has waves that the image has not, as BlurHash
// does not sample pixels at their middle.
const blurSide = 48

// blurHash returns the BlurHash (https://blurha.sh) of m, with four waves along the longer
// side and three along the other. BlurHash has no alpha: transparent pixels are white, as
// in a JPEG.
func blurHash(m *image.NRGBA) (string, error) {
	// It is a square: a BlurHash has no proportions, and a thin image would have too few
	// pixels.
	flat := image.NewNRGBA(image.Rect(0, 0, blurSide, blurSide))
	draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	scale.CatmullRom.Scale(flat, flat.Rect, m, m.Rect, scale.Over, nil)
	if m.Rect.Dx() < m.Rect.Dy() {
		return blurhash.Encode(3, 4, flat)
	}
	return blurhash.Encode(4, 3, flat)
}

// thumbHash returns the ThumbHash (https://evanw.github.io/thumbhash) of m, of at most
// 128 pixels a side, in base64.
func thumbHash(m *image.NRGBA) string {
	// The library multiplies colours with alpha itself, but reads them from an
	// image.RGBA, where they are multiplied already. It copies these bytes as they are.
	straight := &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
	return base64.StdEncoding.EncodeToString(thumbhash.EncodeImage(straight))
}
