package resizetest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Fake is a Resizer in plain Go: it reads JPEG and PNG, scales to the nearest
// pixel, and writes JPEG and PNG. Effects and watermarks it leaves out, and it
// takes the first of two ways to encode. The zero value works; the fields must not
// change while it is in use.
type Fake struct {
	// Formats are what CanWrite says yes to; nil is JPEG and PNG. Formats other
	// than JPEG come out as PNG all the same.
	Formats []variant.Format
	// Fail, if not nil, is what every call returns; Half comes along with it.
	Fail error
	Half []byte
	// Began, if not nil, takes a value from every call as it begins.
	Began chan<- struct{}
	// Block, if not nil, holds every call until it can be received from or ctx
	// is done.
	Block <-chan struct{}

	// Name, if not "", is what Recipe says.
	Name string

	// Probed is what Probe finds in every picture of its format. The zero Header is none.
	Probed header.Header

	// Inner and Eye are what Look sees.
	Inner resize.Rect
	Eye   [2]float64

	calls, looks atomic.Int64
}

// Calls is how often Resize was called.
func (f *Fake) Calls() int { return int(f.calls.Load()) }

// Looks is how often Look was called.
func (f *Fake) Looks() int { return int(f.looks.Load()) }

// Recipe implements resize.Resizer.
func (f *Fake) Recipe() string { return cmp.Or(f.Name, "fake") }

// CanRead implements resize.Resizer.
func (f *Fake) CanRead(format variant.Format) bool {
	return format == variant.JPEG || format == variant.PNG || f.Probed.Format == format && format != 0
}

// CanWrite implements resize.Resizer.
func (f *Fake) CanWrite(format variant.Format) bool {
	if f.Formats == nil {
		return format == variant.JPEG || format == variant.PNG
	}
	return slices.Contains(f.Formats, format)
}

// Probe implements resize.Resizer: it finds Probed.
func (f *Fake) Probe(ctx context.Context, _ resize.Source, format variant.Format, _ int) (header.Header, error) {
	if err := f.hold(ctx); err != nil {
		return header.Header{}, err
	}
	if format != f.Probed.Format {
		return header.Header{}, header.ErrNotPicture
	}
	return f.Probed, nil
}

// Resize implements resize.Resizer.
func (f *Fake) Resize(ctx context.Context, src resize.Source, h header.Header, p resize.Plan) ([]byte, error) {
	f.calls.Add(1)
	if err := f.hold(ctx); err != nil {
		return f.Half, err
	}
	data, err := f.read(src, h)
	if err != nil {
		return nil, err
	}
	return f.make(data, h, p)
}

// ResizeAll implements resize.Resizer: Began and Block are for all of it, once.
func (f *Fake) ResizeAll(ctx context.Context, src resize.Source, h header.Header, plans []resize.Plan, done func(i int, data []byte, err error)) error {
	var data, half []byte
	err := f.hold(ctx)
	if err == nil {
		data, err = f.read(src, h)
	} else {
		half = f.Half
	}
	var ended error
	for i, p := range plans {
		if ended = cmp.Or(err, ctx.Err()); ended != nil {
			done(i, half, ended)
			continue
		}
		out, err := f.make(data, h, p)
		done(i, out, err)
	}
	return ended
}

// read returns the bytes of a picture that decodes.
func (f *Fake) read(s resize.Source, h header.Header) ([]byte, error) {
	src, err := s.Bytes()
	if err != nil {
		return nil, err
	}
	if got, ok := header.Sniff(src); !ok || got != h.Format || !f.CanRead(got) {
		return nil, header.ErrNotPicture
	}
	if _, err := decoded(src); err != nil {
		return nil, fmt.Errorf("%w: %w", header.ErrBroken, err)
	}
	return src, nil
}

// decodings and results are what Fakes have decoded and made so far: tests have them make the
// same pictures again and again, which takes most of their time with the race detector.
var decodings, results sync.Map

// decoded is the picture in src.
func decoded(src []byte) (image.Image, error) {
	key := sha256.Sum256(src)
	if m, ok := decodings.Load(key); ok {
		return m.(image.Image), nil
	}
	m, _, err := image.Decode(bytes.NewReader(src))
	if err == nil {
		decodings.Store(key, m)
	}
	return m, err
}

func (f *Fake) make(src []byte, h header.Header, p resize.Plan) ([]byte, error) {
	if !f.CanWrite(p.Output.Format) {
		return nil, &resize.UnsupportedError{Option: "f_" + p.Output.Format.String()}
	}
	type question struct {
		sum  [sha256.Size]byte
		h    header.Header
		plan resize.Plan
	}
	key := question{sha256.Sum256(src), h, p}
	if out, ok := results.Load(key); ok {
		return slices.Clone(out.([]byte)), nil
	}
	m, err := decoded(src)
	if err != nil {
		return nil, err
	}
	encode := PNG
	if p.Output.Format == variant.JPEG {
		encode = JPEG
	}
	out := encode(compose(m, h, p))
	results.Store(key, slices.Clone(out))
	return out, nil
}

// Look implements resize.Resizer: it sees Inner, and that the eye goes to Eye.
func (f *Fake) Look(ctx context.Context, _ resize.Source, h header.Header, v variant.Variant) (variant.Variant, error) {
	f.looks.Add(1)
	if err := f.hold(ctx); err != nil {
		return variant.Variant{}, err
	}
	return resize.ResolveLook(h, v, f.Inner, f.Eye[0], f.Eye[1]), nil
}

func (f *Fake) hold(ctx context.Context) error {
	if f.Began != nil {
		select {
		case f.Began <- struct{}{}:
		case <-ctx.Done():
		}
	}
	if f.Block != nil {
		select {
		case <-f.Block:
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.Fail
}

// compose carries the plan out, one pixel of the result after another.
func compose(m image.Image, h header.Header, p resize.Plan) image.Image {
	w, height := p.Size()
	result := image.NewNRGBA(image.Rect(0, 0, w, height))
	c := p.Background
	draw.Draw(result, result.Rect, image.NewUniform(color.NRGBA{c.R, c.G, c.B, c.A}), image.Point{}, draw.Src)
	for y := range height {
		for x := range w {
			if sx, sy, ok := sourceOf(h, p, x, y); ok {
				over(result, x, y, m.At(m.Bounds().Min.X+sx, m.Bounds().Min.Y+sy))
			}
		}
	}
	return result
}

// sourceOf is the stored pixel that is seen at x, y of the result; ok is false
// where there is nothing but the background.
func sourceOf(h header.Header, p resize.Plan, x, y int) (sx, sy int, ok bool) {
	if p.Round > 0 && Rounded(p, x, y, 0) {
		return 0, 0, false
	}
	x, y = OnCanvas(p, x, y)
	x, y = x-p.OffsetX, y-p.OffsetY
	if x < 0 || y < 0 || x >= p.Cut.Width || y >= p.Cut.Height {
		return 0, 0, false
	}
	w, height := h.Upright()
	ux := (2*(p.Cut.Left+x) + 1) * w / (2 * p.ScaledW)
	uy := (2*(p.Cut.Top+y) + 1) * height / (2 * p.ScaledH)
	sx, sy = resize.StoredPoint(h.Orientation, h.Width, h.Height, ux, uy)
	return sx, sy, true
}

// over draws one pixel: on a transparent canvas it replaces what is there.
func over(canvas *image.NRGBA, x, y int, c color.Color) {
	if n := color.NRGBAModel.Convert(c).(color.NRGBA); n.A == 255 {
		canvas.SetNRGBA(x, y, n)
		return
	}
	at := image.Rect(x, y, x+1, y+1)
	draw.Draw(canvas, at, image.NewUniform(c), image.Point{}, draw.Over)
}
