// Package info says what there is to say about a picture, as JSON: what its
// header tells, when and with what it was taken, its colours, and what a page
// shows until the picture itself has come. The engine decodes it, to a small
// picture that all else is worked out from in Go; no C is linked here.
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

// recipe changes whenever the same picture would give another document.
const recipe = "info1"

// Document is what is answered. What a picture does not have, or does not say,
// is left out.
type Document struct {
	Width       int    `json:"width"`  // pixels, the right way up
	Height      int    `json:"height"` // pixels, the right way up
	Format      string `json:"format"`
	Bytes       int64  `json:"bytes"`
	Orientation int    `json:"orientation"` // EXIF 1..8; 1 where the picture does not say
	Alpha       bool   `json:"alpha"`
	Pages       int    `json:"pages"` // frames or pages, at least 1

	Profile  string    `json:"profile,omitempty"` // what the colour profile calls itself
	Taken    string    `json:"taken,omitempty"`   // as Exif.Taken
	Camera   *Camera   `json:"camera,omitempty"`
	Location *Location `json:"location,omitempty"` // only where it is asked for

	Average     string  `json:"average,omitempty"` // "#rrggbb"; missing if all is transparent
	Colors      []Color `json:"colors"`            // at most maxColors, the most frequent first
	BlurHash    string  `json:"blurhash"`
	ThumbHash   string  `json:"thumbhash"`   // base64
	Placeholder string  `json:"placeholder"` // a data URI
}

// Color is one of the colours that a picture is mostly of.
type Color struct {
	Color string  `json:"color"` // "#rrggbb"
	Share float64 `json:"share"` // of what is visible, 0..1, to three decimals
}

// Describer makes documents. It is safe for use by several goroutines.
type Describer struct {
	resizer  resize.Resizer
	settings resize.Settings
	recipe   string
}

// NewDescriber returns a Describer on an engine. Of s the limits count.
func NewDescriber(r resize.Resizer, s resize.Settings) *Describer {
	s.Restore = false // colours are to be those of the picture
	d := &Describer{resizer: r, settings: s}
	d.recipe = recipe + " " + d.placeholderFormat(true).String() + " " + r.Recipe()
	return d
}

// Recipe changes whenever the same picture would give another document: it is
// part of the name under which that is kept.
func (d *Describer) Recipe() string { return d.recipe }

// smallSide is the longest side of the picture that all is worked out from, and
// the most that a ThumbHash is made of. Ten thousand pixels tell the colours.
const smallSide = 100

// Plan says what the engine has to do first, so that it can be admitted. The
// errors are those of resize.NewPlan.
func (d *Describer) Plan(h header.Header) (resize.Plan, error) {
	small := variant.Variant{
		Width: smallSide, Height: smallSide, Fit: variant.FitInside, Format: variant.PNG,
		Lossless: true, // and so not reduced to a palette
		Still:    true,
	}
	return resize.NewPlan(h, small, 0, d.settings)
}

// Describe returns the document about src, which h and p, from Plan, were made
// from. It ends with a line feed. The errors are those of Resizer.Resize; they
// are of kind header.ErrBroken only where src is at fault, and with them comes
// the document about what a lenient engine could make of it.
func (d *Describer) Describe(ctx context.Context, src []byte, h header.Header, p resize.Plan, location bool) ([]byte, error) {
	encoded, broken := d.resizer.Resize(ctx, src, h, p)
	if broken != nil && (len(encoded) == 0 || !errors.Is(broken, header.ErrBroken)) {
		return nil, broken
	}
	doc := headed(h, int64(len(src)))
	doc.tell(src, h, location)
	if err := d.look(ctx, doc, encoded); err != nil {
		return nil, err
	}
	b, err := encode(doc)
	if err != nil {
		return nil, err
	}
	return b, broken
}

// look adds what the small picture shows. That is our own: an error is our
// failure, or the end of ctx.
func (d *Describer) look(ctx context.Context, doc *Document, encoded []byte) error {
	small, err := decode(encoded)
	if err != nil {
		return fmt.Errorf("the engine's own picture: %v", err)
	}
	doc.Average, doc.Colors = average(small), dominant(small)
	doc.ThumbHash = thumbHash(small)
	if doc.BlurHash, err = blurHash(small); err != nil {
		return err
	}
	doc.Placeholder, err = d.placeholder(ctx, encoded)
	return err
}

// headed is a document with what the header says.
func headed(h header.Header, bytes int64) *Document {
	w, height := h.Upright()
	return &Document{
		Width: w, Height: height, Format: h.Format.String(), Bytes: bytes,
		Orientation: h.Orientation, Alpha: h.Alpha, Pages: h.Pages,
	}
}

// decode reads the engine's PNG.
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

// maxBytes is far more than any document has.
const maxBytes = 64 << 10

// IsDocument reports whether r, of size bytes, is a whole document, and not what
// is left of one.
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
