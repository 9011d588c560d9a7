// Package vips implements resize.Resizer on libvips. The calls into C are in package op.
//
// Two engines use the same libvips: bimg makes plain pictures, and calls of package op
// make all others; engine.Config.WhyNotBimg decides. job.picture is the sequence of steps.
//
// The engine reads the formats of engine.Config for which libvips has a loader, and
// writes JPEG, PNG, WebP, AVIF, GIF and JPEG XL. Results are sRGB or grey with 8 bits, without a
// colour profile or other metadata.
//
// Limitations:
//
//   - libvips sees only those parts of a PNG or JPEG XL that decoding needs: no texts,
//     EXIF or other metadata.
//   - Damage inside the pixels of a JPEG, GIF or lossy WebP may show as grey or noise
//     instead of being an error. Truncated files, and PNGs with wrong checksums, are
//     refused.
//   - Work on a picture cannot be interrupted. Package sandbox runs the engine in a process
//     that can be killed.
package vips

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/container"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// recipe is raised when the same plan gives other pixels than before.
const recipe = 3

// Engine implements resize.Resizer.
type Engine struct {
	config   engine.Config
	readable header.Formats // for others
	loads    header.Formats // and with what is made here
	writable header.Formats
}

// New prepares libvips, whose settings are the process's, and returns an engine.
// It fails if libvips was built without JPEG or PNG, or if a watermark cannot be
// drawn.
func New(c engine.Config) (*Engine, error) {
	if c.AVIFSpeed == 0 {
		c.AVIFSpeed = engine.DefaultAVIFSpeed
	}
	c.Choice = cmp.Or(c.Choice, engine.Auto)
	e := &Engine{config: c}
	if err := e.allowLoaders(); err != nil {
		return nil, err
	}
	e.discoverSavers()
	for _, f := range []variant.Format{variant.JPEG, variant.PNG} {
		if !e.loads.Has(f) || !e.CanWrite(f) {
			return nil, fmt.Errorf("vips: libvips %s was built without %s", op.LibraryVersion(), f)
		}
	}
	return e, e.checkWatermarks()
}

// ownFormats are those of mezzanines and placeholders.
var ownFormats = header.FormatsOf(variant.JPEG, variant.PNG, variant.WebP)

// allowLoaders unblocks the loaders of the configured formats that libvips has, and the
// saver of JPEG XL, which libvips calls untrusted, too.
func (e *Engine) allowLoaders() error {
	asked := cmp.Or(e.config.Formats, header.DefaultFormats)
	classes := []string{"VipsForeignSaveJxl"}
	for f, l := range loaders {
		if op.Has(l.operation) && (asked | ownFormats).Has(f) {
			e.loads = e.loads.With(f)
			classes = append(classes, l.class)
		}
	}
	e.readable = e.loads & asked
	return op.Configure(classes)
}

// discoverSavers asks libvips which formats it writes, and tries AVIF and JPEG XL: heifsave
// exists even if libheif has no encoder for AV1, and then f_auto would choose a format that
// always fails.
func (e *Engine) discoverSavers() {
	for _, f := range libraryHas("save").List() {
		if resize.WrittenFormats.Has(f) && (f != variant.AVIF && f != variant.JXL || e.encodes(f)) {
			e.writable = e.writable.With(f)
		}
	}
}

// encodes tries a format on a small black picture.
func (e *Engine) encodes(f variant.Format) bool {
	const side = 16
	j := job{run: newRun(), engine: e}
	defer j.Close()
	j.write(j.Raster(make([]byte, 3*side*side), side, side, 3), resize.Output{Format: f, Quality: 50})
	return j.Err == nil
}

// CanRead implements resize.Resizer.
func (e *Engine) CanRead(f variant.Format) bool { return e.readable.Has(f) }

// CanWrite implements resize.Resizer.
func (e *Engine) CanWrite(f variant.Format) bool { return e.writable.Has(f) }

// Recipe implements resize.Resizer. The version of libvips is not part of it: results
// differ a little between releases, but not enough to discard a cache of millions of
// good derivatives. To do that nevertheless, purge.
func (e *Engine) Recipe() string {
	r := fmt.Sprintf("v%d.%s.%d.%d.%d.%d", recipe, e.config.Choice, e.config.AVIFSpeed, pngCompression, webpEffort, restoreWeight)
	if e.config.AllScans {
		r += ".allscans"
	}
	return r
}

// Resize implements resize.Resizer. The bytes of source may be mapped memory that cannot
// be written to.
func (e *Engine) Resize(ctx context.Context, source resize.Source, h header.Header, p resize.Plan) ([]byte, error) {
	src, err := e.accepts(ctx, source, h.Format)
	if err != nil {
		return nil, err
	}
	return e.resize(ctx, src, h, p)
}

// resize makes one picture of what accepts has returned.
func (e *Engine) resize(ctx context.Context, src []byte, h header.Header, p resize.Plan) ([]byte, error) {
	if err := cmp.Or(ctx.Err(), e.writes(p)); err != nil {
		return nil, err
	}
	out, err := e.run(src, h, p)
	if e.config.Lenient && errors.Is(err, header.ErrBroken) { // what can be made of it, or nothing
		out, _ = e.direct(src, h, p, true)
	}
	return out, err
}

// writes refuses a plan for a format that the engine does not write.
func (e *Engine) writes(p resize.Plan) error {
	for _, o := range []resize.Output{p.Output, p.Plain} {
		if o.Format != 0 && !e.CanWrite(o.Format) {
			return &resize.UnsupportedError{Option: "f_" + o.Format.String()}
		}
	}
	return nil
}

// run makes the picture with one of the two engines.
func (e *Engine) run(src []byte, h header.Header, p resize.Plan) ([]byte, error) {
	if h.Format == variant.PNG {
		if err := container.CheckPNG(src); err != nil {
			return nil, err
		}
	}
	if e.byBimg(h, p) {
		if out, err := throughBimg(src, h, p); err == nil {
			return out, nil
		} // its error says nothing of use: ours does, or we can what it cannot
	}
	return e.direct(src, h, p, false)
}

// accepts refuses pictures that libvips must not see, and returns the bytes of others as it
// is to see them.
func (e *Engine) accepts(ctx context.Context, source resize.Source, f variant.Format) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	src, err := source.Bytes()
	if err != nil {
		return nil, err
	}
	if _, err := header.Identify(src[:min(len(src), header.SniffBytes)], header.FormatsOf(f)); err != nil || !e.loads.Has(f) {
		return nil, fmt.Errorf("%w: this server does not read this kind of %s", header.ErrNotPicture, f)
	}
	return container.Prepared(src, f)
}
