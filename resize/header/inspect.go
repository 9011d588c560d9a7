package header

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// Bounds on what one picture can make Inspect do. Real files stay far below
// them; beyond is an ErrBroken, and for scans an ErrTooLarge. Package source has more.
const (
	MaxScans      = 128      // JPEG; progressive files have about 10. Each costs a pass over the whole picture
	maxProperties = 4 << 10  // AVIF and HEIC
	maxItems      = 16 << 10 // AVIF and HEIC
	maxAlphas     = 4        // AVIF and HEIC, for one picture
	maxEntries    = 64 << 10 // AVIF and HEIC, of all lists together, with the units of coded pictures
)

// SourceSideMax is the longest side of a drawing that is read: libvips'
// VIPS_MAX_COORD. It also keeps the arithmetic of NewPlan within 64 bits.
const SourceSideMax = 10_000_000

// RasterSideMax is the longest side of any other picture. libvips holds some tens of
// whole rows at each step, and so gigabytes of a picture of few rows that are as long
// as SourceSideMax.
const RasterSideMax = 65_535

// Inspect reads the header of a picture of size bytes, and checks that the file is
// complete, so that a truncated file is refused before a decoder sees it. It decodes
// nothing and needs little memory: some 128 KiB, and for AVIF and HEIC a bounded list of
// items. Of most formats it reads only the headers.
//
// A picture of a format that is not in formats, or is one of Probed, is recognised by its
// first bytes, and nothing else of it is read. ctx is checked at every read.
//
// The error is of kind ErrNotPicture for any other data; of kind ErrBroken for an empty
// or damaged picture; of kind ErrTooLarge if a side is beyond RasterSideMax, or if there
// are more scans, frames, samples or tiles than any real picture has; ctx's error; and
// otherwise the error of r, wrapped.
//
// With an ErrBroken the Header is zero, except for a JPEG, PNG, GIF or WebP that is cut
// short after the beginning of its pixels: then it is filled (Width > 0), as a lenient
// decoder can decode part of such a picture. Pages then counts the complete frames, and
// is at least 1.
//
// What is checked: JPEG up to its end marker (what follows, like the second
// picture of an Ultra HDR JPEG or the video of a telephone, is ignored), PNG up
// to IEND, GIF block by block (a missing trailer is accepted, as browsers do),
// WebP by its chunks, AVIF and HEIC by their boxes and item extents. What is
// compressed inside can still be damaged. The coded size of an AVIF or HEIC is
// compared with the declared one, because decoders do so only after decoding.
func Inspect(ctx context.Context, r io.ReaderAt, size int64, formats Formats) (Header, error) {
	if size <= 0 {
		return Header{}, source.Broken("it is empty")
	}
	return inspect(source.New(ctx, r, size), formats)
}

func inspect(s *source.Source, formats Formats) (Header, error) {
	head, err := s.At(0, int(min(s.Size, SniffBytes)))
	if err != nil {
		return Header{}, err
	}
	f, err := Identify(head, formats)
	if err != nil {
		return Header{}, err
	}
	if s.Size <= source.Window {
		s.Ahead = source.Window
	}
	read := inspectors[f]
	if read == nil {
		return Header{}, notRead(f)
	}
	h, err := read(s)
	if s.Failure() != nil {
		return Header{}, s.Failure()
	}
	if err == nil && h.Pages == 0 {
		err = source.Broken("it holds no picture")
	}
	if h.Pages == 0 || err != nil && !source.IsCut(err) {
		return Header{}, err
	}
	if !formats.Has(h.Format) { // HEIC where AVIF is read, or the other way round
		return Header{}, notRead(h.Format)
	}
	if h.Samples == 0 {
		h.Samples = colours(h.Gray, h.Alpha)
	}
	if wrong := h.Check(); wrong != nil {
		return Header{}, cmp.Or(err, wrong)
	}
	return h, err
}

// colours is how many samples a pixel of grey or RGB has.
func colours(gray, alpha bool) int {
	n := 3
	if gray {
		n = 1
	}
	if alpha {
		n++
	}
	return n
}

// Identify returns the format of a picture by head, the first 64 bytes of its file. It may
// turn out to be HEIC instead of AVIF or the reverse, and no SVG but another kind of XML.
// The error is of kind ErrNotPicture unless the format is, or may turn out to be, in formats.
func Identify(head []byte, formats Formats) (variant.Format, error) {
	f, ok := Sniff(head)
	switch {
	case !ok && !looksLikeXML(head):
		return 0, ErrNotPicture
	case !ok: // the root element of an SVG may stand far behind its start
		f = variant.SVG
	}
	heif := f == variant.AVIF || f == variant.HEIC // the brands do not tell them apart
	if !formats.Has(f) && !(heif && (formats.Has(variant.AVIF) || formats.Has(variant.HEIC))) {
		return 0, notRead(f)
	}
	return f, nil
}

// notRead is the error for a format that is not among those to be read.
func notRead(f variant.Format) error { return fmt.Errorf("%w: %s is not read here", ErrNotPicture, f) }

// inspectors are the parsers of formats' headers. With an error they return what they have
// read before; Pages is 0 as long as no pixels have begun.
var inspectors = map[variant.Format]func(*source.Source) (Header, error){
	variant.JPEG: inspectJPEG, variant.PNG: inspectPNG, variant.GIF: inspectGIF, variant.WebP: inspectWebP,
	variant.AVIF: inspectHEIF, variant.HEIC: inspectHEIF, variant.JXL: inspectJXL,
}
