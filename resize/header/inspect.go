package header

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// Bounds on what one picture can make Inspect do. Real files stay far below
// them; beyond is an ErrBroken, and for scans and frames an ErrTooLarge.
const (
	maxSegments = 16 << 10 // JPEG markers with content
	MaxScans    = 128      // JPEG; progressive files have about 10. Each costs a pass over the whole picture
	maxChunks   = 1 << 18  // PNG and WebP
	maxFrames   = 1 << 16  // GIF and WebP
	maxBoxes    = 4 << 10  // AVIF and HEIC, on each level
	maxItems    = 16 << 10 // AVIF and HEIC
	maxAlphas   = 4        // AVIF and HEIC, for one picture
	maxExtents  = 64 << 10 // AVIF and HEIC, of all items together
	maxLinks    = 64 << 10 // AVIF and HEIC, references and associations of all items together
	maxOBUs     = 16 << 10 // AVIF, in all coded pictures together
	maxPadding  = 64       // bytes after a JPEG's end marker on the fast path
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
// compressed inside can still be damaged. The coded size of an AVIF or HEIC is compared with the declared one,
// because decoders do so only after decoding.
func Inspect(ctx context.Context, r io.ReaderAt, size int64, formats Formats) (Header, error) {
	if size <= 0 {
		return Header{}, source.Broken("it is empty")
	}
	s := &file{source.New(ctx, r, size)}
	return s.inspect(formats)
}

// file is a picture that is inspected.
type file struct{ *source.Source }

func (s *file) inspect(formats Formats) (Header, error) {
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
	h, err := inspectorOf(f)(s)
	if s.Failure() != nil {
		return Header{}, s.Failure()
	}
	if h.Format != 0 && !formats.Has(h.Format) { // HEIC where AVIF is read, or the other way round
		return Header{}, notRead(h.Format)
	}
	wrong := h.Check()
	if wrong == nil && (err == nil || source.IsCut(err)) {
		return h, err
	}
	return Header{}, cmp.Or(err, wrong)
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

// inspectorOf returns the parser of a format's headers.
func inspectorOf(f variant.Format) func(*file) (Header, error) {
	switch f {
	case variant.JPEG:
		return inspectJPEG
	case variant.PNG:
		return inspectPNG
	case variant.GIF:
		return inspectGIF
	case variant.WebP:
		return inspectWebP
	case variant.AVIF, variant.HEIC:
		return inspectHEIF
	case variant.JXL:
		return inspectJXL
	}
	return func(*file) (Header, error) { return Header{}, notRead(f) }
}
