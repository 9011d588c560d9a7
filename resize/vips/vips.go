// Package vips is the resize.Resizer on libvips, by way of bimg. It is the only
// package that links C.
//
// It reads and writes JPEG, PNG, WebP, AVIF and GIF.
// Colours with an embedded RGB profile, and CMYK, are brought to sRGB; the
// profile and all other metadata are left out.
//
// Its limits, which come from bimg:
//
//   - Alpha is resized without being premultiplied: what colour transparent
//     pixels have shows at the edges of what is opaque.
//   - Of several frames or pages, the first is made.
//   - Pixels damaged inside a JPEG, GIF or lossy WebP come out as grey or noise
//     instead of as an error; resize.Inspect only finds files that are cut short.
//     A PNG's checksums are compared, and the other codings notice by themselves
//     most of the time.
//   - Enlarging, and a fill that keeps or enlarges one side while it shrinks the
//     other, is bicubic without low-pass filter and moved by half a pixel at
//     most; a side that shrinks strongly then shows aliasing.
//   - A call cannot be ended before it is done.
//   - A pre-crop is cut after scaling, so that all of the picture is decoded.
package vips

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/h2non/bimg"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// recipe is raised when the code here makes other bytes of the same plan.
const recipe = 1

// Engine implements resize.Resizer.
type Engine struct {
	readable []variant.Format
	writable []variant.Format
}

// New prepares libvips, whose settings are the process's, and returns an engine.
// It fails if libvips was built without JPEG, PNG or TIFF.
func New() (*Engine, error) {
	configure()
	e := &Engine{}
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

// discover asks libvips what it was built with. HEIC is left out: its decoder,
// libde265, is less well tested against hostile files than the others.
func (e *Engine) discover() {
	for _, f := range []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF, variant.GIF} {
		if bimg.IsTypeSupported(bimgType(f)) {
			e.readable = append(e.readable, f)
		}
		if bimg.IsTypeSupportedSave(bimgType(f)) && (f != variant.AVIF || encodesAVIF()) {
			e.writable = append(e.writable, f)
		}
	}
}

// encodesAVIF tries it on a small black picture. heifsave is there also where
// libheif has no encoder for AV1, and f_auto would choose what always fails.
func encodesAVIF() bool {
	const side = 16
	black := encodeTIFF(make([]byte, 4*side*side), side, side, 3)
	_, err := convert(black, encoding(resize.Output{Format: variant.AVIF, Quality: 50}))
	return err == nil
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
	return fmt.Sprintf("v%d.%d.%d", recipe, avifSpeed, pngCompression)
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
	if h.Format == variant.PNG {
		if err := checkPNG(src); err != nil {
			return nil, err
		}
	}
	out, err := run(src, h, p)
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

// convert is bimg.Resize, which gives libvips a pointer into src and lets go of
// src: libvips reads it until the end, unseen by Go's garbage collector.
func convert(src []byte, o bimg.Options) ([]byte, error) {
	out, err := bimg.Resize(src, o)
	runtime.KeepAlive(src)
	return out, err
}

func run(src []byte, h resize.Header, p resize.Plan) ([]byte, error) {
	todo := newPasses(h, p)
	mild, corrected, err := gentle(src, h, p)
	if err != nil {
		return nil, explain(err, src, h.Format)
	}
	if corrected {
		todo.first.OutputICC = "" // once is right
	}
	out, err := convert(mild, todo.first)
	if err != nil {
		return nil, explain(err, src, h.Format)
	}
	if !todo.finish {
		return out, nil
	}
	if out, err = finish(out, h.Orientation, p); err != nil {
		return nil, err
	}
	if out, err = convert(out, todo.last); err != nil {
		return nil, ours(err)
	}
	return out, nil
}

// explain tells a broken picture from our own failure, by decoding it once more
// and doing nothing with it. What libvips says of its failure does not: the text
// comes from a buffer that all threads share, empty or speaking of another
// picture, and decoding is lazy, so that often only the encoder complains.
func explain(err error, src []byte, f variant.Format) error {
	if !decodes(loader(f), src) {
		return fmt.Errorf("%w: its pixels cannot be decoded", resize.ErrBroken)
	}
	return ours(err)
}

// ours is a failure that no picture is to blame for. The text may be another
// thread's.
func ours(err error) error {
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
	return fmt.Errorf("libvips failed; the last that any thread of it said: %q", text)
}

// loader is the operation that bimg reads f with.
func loader(f variant.Format) string {
	switch f {
	case variant.AVIF:
		return "heifload_buffer"
	default:
		return f.String() + "load_buffer"
	}
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
