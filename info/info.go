// Package info describes a picture as JSON: what its header and metadata say, its colours,
// and the placeholders that a page shows until the picture has loaded. The engine decodes
// the picture to a small PNG; the rest is done in Go, without cgo.
package info

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// MediaType is the Content-Type of a document.
const MediaType = "application/json"

// recipe changes whenever the same picture would get a different document.
const recipe = "info1"

// Document is the description. Fields that do not apply to a picture are left out.
type Document struct {
	Width       int    `json:"width"`  // pixels, the right way up
	Height      int    `json:"height"` // pixels, the right way up
	Format      string `json:"format"`
	Bytes       int64  `json:"bytes"`
	Orientation int    `json:"orientation"` // EXIF 1..8; 1 if there is none
	Alpha       bool   `json:"alpha"`
	Pages       int    `json:"pages"` // frames or pages, at least 1

	Profile  string    `json:"profile,omitempty"` // the name in the colour profile
	Taken    string    `json:"taken,omitempty"`   // RFC 3339, without a zone if the camera recorded none
	Camera   *Camera   `json:"camera,omitempty"`
	Location *Location `json:"location,omitempty"` // only if requested

	Average     string  `json:"average,omitempty"` // "#rrggbb"; missing if everything is transparent
	Colors      []Color `json:"colors"`            // at most maxColors, the most frequent first
	BlurHash    string  `json:"blurhash"`
	ThumbHash   string  `json:"thumbhash"`   // base64
	Placeholder string  `json:"placeholder"` // a data URI
}

// Color is a dominant colour.
type Color struct {
	Color string  `json:"color"` // "#rrggbb"
	Share float64 `json:"share"` // of the visible pixels, 0..1, to three decimals
}

// Describer makes documents. It is safe for use by several goroutines.
type Describer struct {
	resizer  resize.Resizer
	settings resize.Settings
	recipe   string
}

// NewDescriber returns a Describer that decodes with r, within the limits of s.
func NewDescriber(r resize.Resizer, s resize.Settings) *Describer {
	s.Restore = false // which would change the colours
	d := &Describer{resizer: r, settings: s}
	d.recipe = recipe + " " + d.placeholderFormat(true).String() + " " + r.Recipe()
	return d
}

// Recipe changes whenever the same picture would get a different document. It is part of
// the document's name in the cache.
func (d *Describer) Recipe() string { return d.recipe }

// smallSide is the longest side of the image that colours and placeholders are computed
// from, and the largest of a ThumbHash.
const smallSide = 100

// Plan returns the engine's part of the work, for the admission control. The errors are
// those of resize.NewPlan.
func (d *Describer) Plan(h header.Header) (resize.Plan, error) {
	small := variant.Variant{
		Width: smallSide, Height: smallSide, Fit: variant.FitInside, Format: variant.PNG,
		Lossless: true, // otherwise it would be reduced to a palette
		Still:    true,
	}
	return resize.NewPlan(h, small, 0, d.settings)
}

// Describe returns the document about src as JSON that ends with a line feed. h is the
// header of src, and p is Plan's. The errors are those of Resizer.Resize and of src. If src is at
// fault, the error wraps header.ErrBroken, and if the engine could decode a part, the
// document about that part comes with it.
func (d *Describer) Describe(ctx context.Context, src resize.Source, h header.Header, p resize.Plan, location bool) ([]byte, error) {
	encoded, broken := d.resizer.Resize(ctx, src, h, p)
	if broken != nil && (len(encoded) == 0 || !errors.Is(broken, header.ErrBroken)) {
		return nil, broken
	}
	doc := documentFromHeader(h, src.Size)
	if err := doc.addMetadata(src, h, location); err != nil {
		return nil, err
	}
	if err := d.addColors(ctx, doc, encoded); err != nil {
		return nil, err
	}
	b, err := encode(doc)
	if err != nil {
		return nil, err
	}
	return b, broken
}

// addColors adds colours and placeholders. Since the engine has made the small image, an
// error is ours, or that of ctx.
func (d *Describer) addColors(ctx context.Context, doc *Document, encoded []byte) error {
	small, err := decode(encoded)
	if err != nil {
		return fmt.Errorf("the small image of the engine: %v", err)
	}
	doc.Average, doc.Colors = average(small), dominant(small)
	doc.ThumbHash = thumbHash(small)
	if doc.BlurHash, err = blurHash(small); err != nil {
		return err
	}
	doc.Placeholder, err = d.placeholder(ctx, encoded)
	return err
}

func documentFromHeader(h header.Header, bytes int64) *Document {
	w, height := h.Upright()
	return &Document{
		Width: w, Height: height, Format: h.Format.String(), Bytes: bytes,
		Orientation: h.Orientation, Alpha: h.Alpha, Pages: h.Pages,
	}
}

// decode decodes the engine's PNG.
func decode(encoded []byte) (*image.NRGBA, error) {
	m, err := png.Decode(bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	if straight, ok := m.(*image.NRGBA); ok {
		return straight, nil
	}
	straight := image.NewNRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(straight, straight.Rect, m, m.Bounds().Min, draw.Src)
	return straight, nil
}

func encode(doc *Document) ([]byte, error) {
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// maxBytes is more than any document has.
const maxBytes = 64 << 10

// IsDocument reports whether r, of size bytes, is a complete document.
func IsDocument(r io.ReaderAt, size int64) bool {
	if size < 2 || size > maxBytes {
		return false
	}
	b := make([]byte, size)
	if n, _ := r.ReadAt(b, 0); n < len(b) {
		return false
	}
	return b[0] == '{' && bytes.HasSuffix(b, []byte("}\n")) && json.Valid(b)
}
