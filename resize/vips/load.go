package vips

import (
	"fmt"
	"math"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/container"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// loaders are the only ones that ever run, if Config.Formats has their format, whatever
// the bytes look like and whichever plug-ins are installed. libvips calls those of
// drawings, JPEG XL and JPEG 2000 untrusted, which means that they are fuzzed less than
// the others. Of those that it calls untrusted no other is allowed, least of all
// ImageMagick's.
var loaders = map[variant.Format]struct {
	operation string
	class     string // which must be allowed
}{
	variant.JPEG: {"jpegload_buffer", "VipsForeignLoadJpeg"},
	variant.PNG:  {"pngload_buffer", "VipsForeignLoadPng"},
	variant.WebP: {"webpload_buffer", "VipsForeignLoadWebp"},
	variant.AVIF: {"heifload_buffer", "VipsForeignLoadHeif"},
	variant.HEIC: {"heifload_buffer", "VipsForeignLoadHeif"},
	variant.GIF:  {"gifload_buffer", "VipsForeignLoadNsgif"},
	variant.TIFF: {"tiffload_buffer", "VipsForeignLoadTiff"},
	variant.SVG:  {"svgload_buffer", "VipsForeignLoadSvg"},
	variant.JXL:  {"jxlload_buffer", "VipsForeignLoadJxl"},
	variant.JP2:  {"jp2kload_buffer", "VipsForeignLoadJp2k"},
	variant.PDF:  {"pdfload_buffer", "VipsForeignLoadPdf"},
}

// source is a picture to be loaded, and how.
type source struct {
	bytes   []byte
	header  header.Header
	page    int
	frames  int     // how many, one below the other
	shrink  float64 // how many times smaller it may be loaded, at least 1
	lenient bool    // half a picture is better than none
}

// load opens a picture, perhaps smaller than it is where that is cheaper, and
// settled. Its pixels come in rows from top to bottom, once.
func (r *run) load(s source) op.Image {
	if s.header.Drawn() {
		return r.drawn(s)
	}
	if s.header.Format == variant.GIF && !memoryFor(s.header) { // its loader would end the process
		r.Err = fmt.Errorf("%w: for the frames of a GIF", resize.ErrNoMemory)
		return nil
	}
	if s.header.Format == variant.GIF && s.header.Alpha {
		s.bytes = container.TransparentGIF(s.bytes)
	}
	failOn := "truncated" // not for a warning, as many cameras cause some
	if s.lenient {
		failOn = "none"
	}
	args := append(s.options(), op.Set("access", "sequential"), op.Set("fail_on", failOn))
	im := r.Open(loaders[s.header.Format].operation, s.bytes, args...)
	if r.Err != nil {
		return nil
	}
	w, h := r.Size(im)
	switch n := r.PixelBytes(im); {
	case !s.allows(w, h):
		wantW, wantH := s.header.Decoded()
		r.Err = fmt.Errorf("%w: its %dx%d pixels are not the %dx%d of its header", header.ErrBroken, w, h, wantW, wantH)
	case n > 2*s.header.PixelBytes(): // some kinds of colour take more than their samples
		r.Err = fmt.Errorf("%w: its pixels have %d bytes instead of the %d of its header", header.ErrBroken, n, s.header.PixelBytes())
	}
	return r.applied(r.settled(im, s.header), s.header)
}

// options are those that not all loaders have.
func (s source) options() []op.Arg {
	switch s.header.Format {
	case variant.JPEG:
		return []op.Arg{op.Set("shrink", engine.JPEGShrink(s.shrink))}
	case variant.WebP:
		return []op.Arg{op.Set("page", s.page), op.Set("n", s.frames), op.Set("scale", s.webpScale())}
	case variant.GIF, variant.TIFF:
		return []op.Arg{op.Set("page", s.page), op.Set("n", s.frames)}
	}
	return nil
}

// webpScale is the scale at which libwebp decodes; 1 for an animation, whose frames
// depend on those before.
func (s source) webpScale() float64 {
	if s.header.Pages > 1 {
		return 1
	}
	return 1 / s.shrink
}

// allows reports whether a picture of the header may have w x h pixels when it is
// loaded. The header was all that the limit on pixels has seen. Drawings are
// rounded in ways of their own.
func (s source) allows(w, h int) bool {
	if s.header.Drawn() {
		fullW, fullH := s.header.Exact()
		return near(w, fullW, s.shrink) && near(h, fullH, s.shrink)
	}
	shrink := 1.0
	switch s.header.Format {
	case variant.JPEG:
		shrink = float64(engine.JPEGShrink(s.shrink))
	case variant.WebP:
		shrink = 1 / s.webpScale()
	}
	wantW, wantH := s.header.Decoded()
	wantH *= s.frames
	return near(w, float64(wantW), shrink) && near(h, float64(wantH), shrink) && (shrink > 1 || w == wantW && h == wantH)
}

// near reports whether side is what remains of whole, or rounded from it. A
// drawing may be a few pixels off.
func near(side int, whole, shrink float64) bool {
	want := whole / shrink
	return math.Abs(float64(side)-want) <= 2+want/100
}
