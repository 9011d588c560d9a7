// Package resize says how pictures are measured, planned and made: Inspect
// reads a picture's header without decoding it, NewPlan is the arithmetic from
// header and wish to exact sizes and rectangles, Gate admits work by pixels,
// and Resizer is what carries a plan out. It opens no files, calls no network
// and links no C; its child vips holds libvips.
package resize

import (
	"context"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/variant"
)

// The kinds of failure. Test with errors.Is.
var (
	// ErrNotPicture means that the bytes are of no kind that we read.
	ErrNotPicture = failure.New(failure.Picture, "not a picture that can be read")
	// ErrBroken means that the bytes are of a kind that we read, but damaged,
	// cut short or empty.
	ErrBroken = failure.New(failure.Picture, "broken picture")
	// ErrTooLarge means that the picture, or what is decoded of it, has more
	// pixels or bytes than we decode, or the answer would have.
	ErrTooLarge = failure.New(failure.Picture, "too many pixels")
	// ErrBytes means that no quality makes the picture fit into Plan.MaxBytes.
	// The error's text is shown to the public: it says how small it can get.
	ErrBytes = failure.New(failure.Picture, "does not fit into that many bytes")
	// ErrNoMemory means that memory ran out while the picture was made. It says
	// nothing of the picture: it may be made later.
	ErrNoMemory = failure.New(failure.Server, "out of memory")
)

// UnsupportedError names an option that is understood but that this engine
// cannot carry out.
type UnsupportedError struct{ Option string }

func (e *UnsupportedError) Error() string {
	return "option " + e.Option + " is not available on this server"
}

// Class implements failure's interface.
func (e *UnsupportedError) Class() failure.Class { return failure.Request }

// Header is what can be said of a picture without decoding it.
//
// Width, Height and Orientation are what a decoder gives. For AVIF and HEIC
// that is the picture after the container's own turning, mirroring and cutting
// (irot, imir, clap), which every decoder applies by itself: Orientation is
// always 1 there, and EXIF is not looked at, as the standard demands. So it is for
// JPEG XL.
//
// For drawings Width and Height are an estimate of what an engine takes for
// their natural size, at 72 pixels an inch: exact for an SVG that says it, or has
// a view box; 300x150 for one that leaves all open, whose size is that of what it
// draws; for a PDF those of its first page, as far as they can be found without
// a PDF reader.
//
// A film in AVIF or HEIC, and an animated PNG, has one page: its still picture.
type Header struct {
	Format        variant.Format // an encoding, never Keep or Auto
	Width, Height int            // pixels as decoded, before Orientation is applied; at least 1
	Orientation   int            // EXIF 1..8; 1 where the picture does not say
	Alpha         bool           // has an alpha channel or a transparent colour
	Pages         int            // frames or pages that can be asked for, at least 1
	Scans         int            // JPEG: passes over the picture, at least 1; 0 for other formats
	Depth         int            // bits a sample: 1, 2, 4, 8, 10, 12, 16; also 32, 64 and 128 for floats and complex numbers
	Samples       int            // of a pixel, with alpha and all that is decoded besides; 0 for drawings
	Gray          bool           // one channel, besides alpha
	CMYK          bool           // four inks (or YCCK) instead of RGB or grey
	Progressive   bool           // JPEG progressive, PNG or GIF interlaced
	ICC           bool           // carries a colour profile
	Palette       bool           // PNG: at most 256 colours, from a table

	// Coded is how many pixels a decoder unpacks where that is not Width times
	// Height: an AVIF or HEIC that shows only part of what is coded, or whose tiles
	// overlap its edges. 0 where it is the same.
	Coded int64
}

// Upright returns the sides after Orientation has been applied.
func (h Header) Upright() (width, height int) {
	if h.Orientation >= 5 {
		return h.Height, h.Width
	}
	return h.Width, h.Height
}

// Pixels is the size of the picture, or of one page: width times height.
func (h Header) Pixels() int64 { return int64(h.Width) * int64(h.Height) }

// scansFree is how many scans decode as fast as one picture ought to: encoders
// write up to 10.
const scansFree = 16

// DecodePixels is what decoding the picture, or one page of it, weighs, in pixels
// of an ordinary picture of the same kind. It is Pixels, or Coded where that is
// more, but for a JPEG of many scans that many times 1/16: a scan costs a pass over
// all of the picture even where it holds nothing.
func (h Header) DecodePixels() int64 {
	return max(h.Pixels(), h.Coded) * int64(max(1, h.Scans/scansFree))
}

// sampleBytes is how many bytes a decoded sample has: 1, 2, 4, 8 or 16.
func (h Header) sampleBytes() int64 {
	n := int64(1)
	for 8*n < int64(min(h.Depth, 128)) {
		n *= 2
	}
	return n
}

// PixelBytes is how many bytes a decoded pixel counts as: those of its samples, and
// of at least four, as three are hardly cheaper.
func (h Header) PixelBytes() int64 { return max(4, int64(h.Samples)) * h.sampleBytes() }

// decodeWeight is what the decoded picture, or one page of it, weighs in a Gate:
// decoded pixels of four bytes.
func (h Header) decodeWeight() int64 {
	n := h.DecodePixels()
	return (n*h.PixelBytes()+3)/4 + n*h.deepWeight()
}

// deepWeight is what a pixel weighs besides in decoders that hold all of a picture,
// in two or three forms, where it has more than 8 bits or may be lossless JPEG XL.
// Measured on 25 megapixels, in bytes a pixel with those of the result: HEIC of 10 bits
// 13, AVIF of 12 bits without subsampling 25, JPEG XL of 8 bits 16, of 16 bits 20 and of
// floats 26. AVIF and HEIC of 8 bits take 6 to 13. So the largest that is read takes a
// gigabyte.
func (h Header) deepWeight() int64 {
	deep := h.Depth > 8
	switch {
	case h.Format == variant.HEIC && deep:
		return 3
	case h.Format == variant.JXL && !deep:
		return 4
	case h.Format == variant.JXL, h.Format == variant.AVIF && deep:
		return 5
	}
	return 0
}

// Drawn reports whether the picture is a drawing, which has no pixels of its own
// and is made at any size.
func (h Header) Drawn() bool { return h.Format == variant.SVG || h.Format == variant.PDF }

// Resizer carries plans out. Implementations are safe for use by several
// goroutines.
type Resizer interface {
	// Look says what NewPlan cannot know of src, for a v with NeedsLook: it
	// returns Seen of what it found. The errors are those of Resize, and of Region.
	Look(ctx context.Context, src []byte, h Header, v variant.Variant) (variant.Variant, error)

	// Resize makes one picture of src, which must be what h and p were made
	// from and is only read, and only until Resize returns.
	//
	// The errors are of kind ErrBroken where the picture is at fault, and an
	// engine that is set up to be lenient then returns what it could make of it,
	// too; ErrBytes where Plan.MaxBytes cannot be met; ErrNotPicture where CanRead says
	// no, src is not of h's format or its colours cannot be told; ErrNoMemory where
	// memory ran out, and an *UnsupportedError where this engine lacks something;
	// anything else is our own failure. A ctx that ends stops the work, and its error is returned: at
	// once before the work starts, and while pixels are worked on; an encoder
	// that is not to be interrupted comes to its end first.
	Resize(ctx context.Context, src []byte, h Header, p Plan) ([]byte, error)

	// ResizeAll makes one picture for each of plans, which are all for h and src,
	// and decodes src once for all of them where it can: what is decoded is then in
	// memory until the last is made, which CostOfAll counts. A picture may differ a
	// little from the one that Resize makes, as it is reduced from more pixels.
	//
	// done is called exactly once for each plan, with its index, in the order of
	// plans, as soon as it is made, and on the caller's goroutine: what is wanted
	// first comes first in plans. The errors that it is told are those of Resize. A
	// plan that fails fails alone.
	//
	// The error that is returned is what ended the work as a whole: of kind ErrBroken
	// or ErrNotPicture for src, our own failure to decode it, or ctx's error. All
	// plans that were not made by then have failed with it. It is nil otherwise,
	// whatever done was told.
	ResizeAll(ctx context.Context, src []byte, h Header, plans []Plan, done func(i int, data []byte, err error)) error

	// Recipe changes whenever the same plan would give other bytes: it is part
	// of a derivative's name.
	Recipe() string

	// CanRead and CanWrite say what this build of the engine handles.
	CanRead(f variant.Format) bool
	CanWrite(f variant.Format) bool
}
