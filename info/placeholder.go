package info

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// A placeholder is stretched over the picture's place and blurred there: more
// pixels or quality than these only make the page longer.
const (
	placeholderSide    = 24
	placeholderQuality = 50
)

// placeholderFormat is the shortest that every browser shows: WebP, in some 150
// bytes. Where it cannot be written JPEG, or PNG for what is transparent.
func (d *Describer) placeholderFormat(alpha bool) variant.Format {
	switch {
	case d.resizer.CanWrite(variant.WebP):
		return variant.WebP
	case alpha:
		return variant.PNG
	}
	return variant.JPEG
}

// placeholder makes a data URI (RFC 2397) of the small picture. That is our own,
// so that an error is our own failure, but the end of ctx.
func (d *Describer) placeholder(ctx context.Context, small []byte) (string, error) {
	h, err := resize.Inspect(ctx, bytes.NewReader(small), int64(len(small)), resize.FormatsOf(variant.PNG))
	if err != nil {
		return "", fmt.Errorf("the engine's own picture: %v", err)
	}
	v := variant.Variant{
		Width: placeholderSide, Height: placeholderSide, Fit: variant.FitInside,
		Format: d.placeholderFormat(h.Alpha), Quality: placeholderQuality,
	}
	p, err := resize.NewPlan(h, v, 0, d.settings)
	if err != nil {
		return "", fmt.Errorf("the placeholder: %v", err)
	}
	data, err := d.resizer.Resize(ctx, small, h, p)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("the placeholder: %v", err)
	}
	return "data:" + resize.MediaType(v.Format) + ";base64," + base64.StdEncoding.EncodeToString(data), nil
}
