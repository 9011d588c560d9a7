// Package vips is the resize.Resizer on libvips, by way of bimg. It is the only
// package that links C.
//
// It reads and writes JPEG, PNG, WebP, AVIF and GIF, and reads HEIC if asked to.
// Colours with an embedded RGB profile, and CMYK, are brought to sRGB; the
// profile and all other metadata are left out.
//
// Its limits, which come from bimg:
//
//   - Alpha is resized without being premultiplied: what colour transparent
//     pixels have shows at the edges of what is opaque.
//   - Of several frames or pages, the first is made.
//   - Pixels damaged inside a JPEG or PNG come out as grey or noise instead of
//     as an error; resize.Inspect only finds files that are cut short.
//   - Enlarging, and a fill that keeps or enlarges one side while it shrinks the
//     other, is bicubic without low-pass filter and moved by half a pixel at
//     most; a side that shrinks strongly then shows aliasing.
//   - A call cannot be ended before it is done.
//   - A pre-crop is cut after scaling, so that all of the picture is decoded.
package vips

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/h2non/bimg"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// Options are what the operator decides about the engine. The zero value is
// good.
type Options struct {
	// Concurrency is how many threads libvips uses for one picture, 1 if 0. It
	// holds for the whole process. Serving many pictures at once, one is best.
	Concurrency int
	// AVIFSpeed is how fast, and badly, AVIF is encoded, 1..8; DefaultAVIFSpeed
	// if 0. One megapixel of a photograph took, with libvips 8.14 and at about
	// the same number of bytes:
	//
	//	speed   CPU, ms   mean squared error
	//	5       1200
	//	6       400       16.4
	//	7       260       19.1
	//	8       135       19.7
	//	(WebP   125)
	AVIFSpeed int
	// PNGCompression is zlib's level, 1..9; DefaultPNGCompression if 0.
	PNGCompression int
	// Baseline writes JPEGs that load from top to bottom, instead of
	// progressive ones, which are a few percent smaller and take longer to make.
	Baseline bool
	// HEIC allows to read it. Its decoder, libde265, is less well tested against
	// hostile files than the others.
	HEIC bool
}

// The defaults of Options.
const (
	DefaultAVIFSpeed      = 7
	DefaultPNGCompression = 6
)

// recipe is raised when the code here makes other bytes of the same plan.
const recipe = 1

// Engine implements resize.Resizer.
type Engine struct {
	options  Options
	readable []variant.Format
	writable []variant.Format
}

// New prepares libvips, whose settings are the process's, and returns an engine.
// It fails if o is out of range or libvips was built without JPEG or PNG.
func New(o Options) (*Engine, error) {
	o.Concurrency = max(o.Concurrency, 1)
	if o.AVIFSpeed == 0 {
		o.AVIFSpeed = DefaultAVIFSpeed
	}
	if o.PNGCompression == 0 {
		o.PNGCompression = DefaultPNGCompression
	}
	if o.AVIFSpeed < 1 || o.AVIFSpeed > 8 || o.PNGCompression < 1 || o.PNGCompression > 9 {
		return nil, fmt.Errorf("vips: AVIF speed %d must be 1 to 8, PNG compression %d 1 to 9", o.AVIFSpeed, o.PNGCompression)
	}
	configure(o.Concurrency)
	e := &Engine{options: o}
	e.discover()
	for _, f := range []variant.Format{variant.JPEG, variant.PNG} {
		if !e.CanRead(f) || !e.CanWrite(f) {
			return nil, fmt.Errorf("vips: libvips %s was built without %s", libraryVersion(), f)
		}
	}
	if !bimg.IsTypeSupported(bimg.TIFF) || !bimg.IsTypeSupportedSave(bimg.TIFF) {
		return nil, fmt.Errorf("vips: libvips %s was built without TIFF", libraryVersion())
	}
	return e, nil
}

// discover asks libvips what it was built with.
func (e *Engine) discover() {
	formats := []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF, variant.GIF}
	for _, f := range formats {
		if bimg.IsTypeSupported(bimgType(f)) {
			e.readable = append(e.readable, f)
		}
		if bimg.IsTypeSupportedSave(bimgType(f)) {
			e.writable = append(e.writable, f)
		}
	}
	if e.options.HEIC && bimg.IsTypeSupported(bimg.HEIF) {
		e.readable = append(e.readable, variant.HEIC)
	}
}

// CanRead implements resize.Resizer.
func (e *Engine) CanRead(f variant.Format) bool { return slices.Contains(e.readable, f) }

// CanWrite implements resize.Resizer.
func (e *Engine) CanWrite(f variant.Format) bool { return slices.Contains(e.writable, f) }

// Recipe implements resize.Resizer. The version of libvips is not part of it:
// its bytes change a little from release to release, but not so that a cache of
// millions of good derivatives should be thrown away for it. To do that
// nevertheless, purge.
func (e *Engine) Recipe() string {
	o := e.options
	return fmt.Sprintf("v%d.%d.%d.%t", recipe, o.AVIFSpeed, o.PNGCompression, o.Baseline)
}

// Resize implements resize.Resizer. src may be mapped memory that cannot be
// written to.
func (e *Engine) Resize(ctx context.Context, src []byte, h resize.Header, p resize.Plan) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !e.CanRead(h.Format) || !sameFormat(src, h.Format) {
		return nil, fmt.Errorf("%w: this server does not read this kind of %s", resize.ErrNotPicture, h.Format)
	}
	if !e.CanWrite(p.Output.Format) { // bimg would leak the picture
		return nil, &resize.UnsupportedError{Option: "f_" + p.Output.Format.String()}
	}
	out, err := run(src, h.Orientation, p, newPasses(h, p, e.options))
	runtime.KeepAlive(src) // libvips reads it until the end, unseen by Go
	if err == nil && p.Output.Format == variant.WebP {
		out, err = stripWebP(out)
	}
	if err != nil {
		return nil, err
	}
	return out, checkResult(out, p)
}

// sameFormat reports whether bimg will take the loader that h's format means.
// Only bytes that pass are ever shown to libvips.
func sameFormat(src []byte, f variant.Format) bool {
	got, ok := resize.Sniff(src)
	if !ok {
		return false
	}
	heif := func(f variant.Format) bool { return f == variant.AVIF || f == variant.HEIC }
	if !heif(f) {
		return got == f
	}
	// The two share a loader, and bimg goes by the first brand alone.
	return heif(got) && slices.Contains([]bimg.ImageType{bimg.AVIF, bimg.HEIF}, bimg.DetermineImageType(src))
}

func run(src []byte, orientation int, p resize.Plan, todo passes) ([]byte, error) {
	out, err := bimg.Resize(src, todo.first)
	if err != nil {
		return nil, explain(err)
	}
	if !todo.finish {
		return out, nil
	}
	if out, err = finish(out, orientation, p); err != nil {
		return nil, err
	}
	if out, err = bimg.Resize(out, todo.last); err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return out, nil
}

// explain tells a broken picture from our own failure by what libvips says.
// Decoding is lazy, so that both come from one call, and a save that gets no
// pixels complains too, after the loader.
func explain(err error) error {
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
	has := func(s string) bool { return strings.Contains(text, s) }
	ours := slices.ContainsFunc([]string{"memory", "allocate"}, has)
	theirs := slices.ContainsFunc([]string{"load", "2vips", "source:", "VipsJpeg", "libpng read"}, has)
	saving := slices.ContainsFunc([]string{"save", "vips2", "cgif"}, has)
	if ours || saving && !theirs {
		return errors.New("libvips: " + text)
	}
	return fmt.Errorf("%w: %s", resize.ErrBroken, text)
}

// checkResult holds the engine to the plan: a result of another size or format
// would be kept and served for months.
func checkResult(out []byte, p resize.Plan) error {
	h, err := resize.Inspect(bytes.NewReader(out), int64(len(out)))
	if err != nil {
		return fmt.Errorf("libvips gave an unusable result: %v", err)
	}
	if h.Format != p.Output.Format || h.Width != p.CanvasW || h.Height != p.CanvasH {
		return fmt.Errorf("libvips gave %v of %dx%d instead of %v of %dx%d",
			h.Format, h.Width, h.Height, p.Output.Format, p.CanvasW, p.CanvasH)
	}
	return nil
}
