package vips

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/container"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// Probe implements resize.Resizer.
func (e *Engine) Probe(ctx context.Context, source resize.Source, f variant.Format, page int) (header.Header, error) {
	src, err := e.accepts(ctx, source, f)
	if err != nil {
		return header.Header{}, err
	}
	r := newRun()
	defer r.Close()
	im := r.Open(loaders[f].operation, src)
	pages := max(1, r.Number(im, "n-pages"))
	if f == variant.TIFF {
		if page < 1 || page > pages {
			page = 1
		}
		if err := container.CheckTIFF(src, page); err != nil {
			return header.Header{}, err
		}
		im = r.Open(loaders[f].operation, src, op.Set("page", page-1))
	}
	if r.Err != nil {
		return header.Header{}, unreadable(r.Err)
	}
	if f == variant.JP2 && (im.Xoffset != 0 || im.Yoffset != 0) { // libvips 8.14 shows memory that held something else
		return header.Header{}, fmt.Errorf("%w: a JPEG 2000 that does not begin at the origin of its grid", header.ErrNotPicture)
	}
	h := r.header(im, f)
	if w, height := r.exactSides(src, h); w != float64(h.Width) || height != float64(h.Height) {
		h.ExactWidth, h.ExactHeight = w, height
	}
	if f == variant.TIFF || f == variant.PDF { // n-pages of a JPEG 2000 are its resolutions
		h.Pages = pages
	}
	if err := h.Check(); err != nil {
		return header.Header{}, err
	}
	return h, nil
}

// header is what libvips says of im.
func (r *run) header(im op.Image, f variant.Format) header.Header {
	h := header.Header{Format: f, Orientation: 1, Pages: 1, Depth: 8, Alpha: true}
	h.Width, h.Height = r.Size(im)
	if h.Drawn() {
		return h
	}
	if n := r.Number(im, "orientation"); f == variant.TIFF && n >= 1 && n <= 8 {
		h.Orientation = n
	}
	colours := 3
	switch r.Interpretation(im) {
	case op.InterpretationGrey, op.InterpretationGrey16:
		colours, h.Gray = 1, true
	case op.InterpretationCMYK:
		colours, h.CMYK = 4, true
	}
	h.Samples = r.Bands(im)
	if r.IsCoded(im) {
		h.Samples = colours
	}
	h.Depth = int(8*r.PixelBytes(im)) / r.Bands(im)
	if r.Interpretation(im) == op.InterpretationXYZ { // floats, of the 16 bits of a LogLuv
		h.Depth = 16
	}
	h.Alpha = h.Samples > colours
	profile := r.Profile(im) // libjxl makes one for each JPEG XL
	h.ICC = len(profile) > 0 && !(f == variant.JXL && icc.IsSRGB(profile))
	return h
}

// unreadable is the error for a file that libvips does not open. It tells one that it
// does not support from one that is damaged by its words, which are known where one
// picture is made at a time.
func unreadable(err error) error {
	if errors.Is(err, resize.ErrNoMemory) {
		return err
	}
	for _, words := range []string{
		"support", "encrypted", "password", "security scheme", // TIFF, PDF
		"does not have <svg> root", "Start tag expected", // no SVG
		"components differ", "too many image bands", // JPEG 2000
	} {
		if strings.Contains(err.Error(), words) {
			return fmt.Errorf("%w: %v", header.ErrNotPicture, err)
		}
	}
	return fmt.Errorf("%w: %v", header.ErrBroken, err)
}
