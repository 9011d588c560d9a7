// Package header reads the format, sides, orientation and colours of a picture from its
// bytes, and what decoding it costs. It decodes no pixels and links no C. It recognises
// all formats, and reads those that the engine need not read (Probed): each in a file of its
// name, AVIF and HEIC in heif.go. Package resize/internal/source splits files into their parts.
package header

import (
	"fmt"
	"math"

	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// The kinds of failure. Test with errors.Is.
var (
	// ErrNotPicture means that the bytes are of no kind that we read.
	ErrNotPicture = source.ErrNotPicture
	// ErrBroken means that the bytes are of a kind that we read, but damaged,
	// cut short or empty.
	ErrBroken = source.ErrBroken
	// ErrTooLarge means that the picture, or what is decoded of it, has more
	// pixels or bytes than we decode, or the answer would have.
	ErrTooLarge = source.ErrTooLarge
)

// Header is what can be known about a picture without decoding it.
//
// Width, Height and Orientation are what a decoder gives. For AVIF and HEIC Orientation
// is what the container says of turning and mirroring (irot, imir), which the engine keeps
// from decoders; EXIF is ignored, as the standard demands. Decoders of JPEG XL turn it by
// themselves: Orientation is always 1 there.
//
// For drawings Width and Height are the natural size that an engine uses, rounded: of an
// SVG at 96 pixels an inch, and 300x150 without a size or a view box; of a PDF the size of
// its first page, at 72.
//
// An image sequence in AVIF or HEIC, and an animated PNG, has one page: its still picture.
// So has an animation in JPEG XL: its first frame.
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
	ICC           bool           // carries a colour profile, or numbers that may stand for one (PNG)
	Palette       bool           // PNG: at most 256 colours, from a table
	Premultiplied bool           // AVIF, HEIC: colours are multiplied by alpha
	Limited       bool           // AVIF, HEIC: grey has the values of video, 16 to 235 of 255

	// Profile is where the colour profile lies in the file, of a JPEG, PNG, WebP, AVIF or
	// HEIC that has one: the segments of a JPEG that hold it, with whatever stands between
	// them; the content of a PNG's chunk; otherwise the profile itself.
	Profile Extent `json:"-"`

	// EXIF is where the EXIF data lie in the file, a TIFF structure, of a JPEG, PNG, WebP,
	// AVIF or HEIC that has some.
	EXIF Extent `json:"-"`

	// CICP says what the colours are where there is no profile: of an AVIF or HEIC.
	CICP CICP

	Whole Whole // of an AVIF or HEIC that is cut by its container (clap)

	// ExactWidth and ExactHeight are the sides of a drawing before they were rounded; 0 where
	// that makes no difference.
	ExactWidth, ExactHeight float64

	// Coded is how many pixels a decoder unpacks where that is not Width times
	// Height: an AVIF or HEIC that shows only part of what is coded, or whose tiles
	// overlap its edges. 0 where it is the same.
	Coded int64
}

// CICP are numbers of ITU-T H.273; both are 0 where nothing is said.
type CICP struct{ Primaries, Transfer uint8 }

// Whole are the sides of what is decoded, and where in it the picture begins, in pixels;
// all of it are 0 where the picture is all that is decoded.
type Whole struct{ Width, Height, Left, Top int }

// Extent is a part of a file, in bytes.
type Extent struct{ Off, Len int64 }

// Upright returns the sides after Orientation has been applied.
func (h Header) Upright() (width, height int) {
	if h.Orientation >= 5 {
		return h.Height, h.Width
	}
	return h.Width, h.Height
}

// Decoded returns the sides of what a decoder gives: those of Whole if that is set.
func (h Header) Decoded() (width, height int) {
	if h.Whole != (Whole{}) {
		return h.Whole.Width, h.Whole.Height
	}
	return h.Width, h.Height
}

// Exact returns Width and Height, or what they were rounded from.
func (h Header) Exact() (width, height float64) {
	if h.ExactWidth > 0 {
		return h.ExactWidth, h.ExactHeight
	}
	return float64(h.Width), float64(h.Height)
}

// Pixels is the size of the picture, or of one page: width times height.
func (h Header) Pixels() int64 { return int64(h.Width) * int64(h.Height) }

// scansFree is how many scans decode as fast as one picture ought to: encoders
// write up to 10.
const scansFree = 16

// DecodePixels is the cost of decoding the picture, or one page of it, in pixels of an
// ordinary picture of the same kind: Pixels, or Coded if that is more. For a JPEG with
// many scans it is multiplied by a 16th of their number, as each scan is a pass over the
// whole picture, even if it is empty.
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

// Drawn reports whether the picture is a drawing (SVG, PDF), which has no pixels of its
// own and can be rendered at any size.
func (h Header) Drawn() bool { return h.Format == variant.SVG || h.Format == variant.PDF }

// Bounds on the samples of a pixel. Those beyond alpha are decoded, and then dropped.
const (
	maxSamples   = 16
	maxTIFFPixel = 8 // bytes, as decoded: it is done a strip or tile at a time
)

// Check holds what every format promises: both sides are at least 1 and at most
// RasterSideMax, or SourceSideMax of a drawing; a pixel has at most 16 samples, and of a
// TIFF at most 8 bytes.
func (h Header) Check() error {
	width, height := h.Exact()
	switch {
	case h.Width < 1 || h.Height < 1:
		return source.Broken("it is %dx%d pixels", h.Width, h.Height)
	case !(math.Abs(width-float64(h.Width)) < 1 && math.Abs(height-float64(h.Height)) < 1):
		return source.Broken("it is %gx%g pixels, and not %dx%d", width, height, h.Width, h.Height)
	case h.Samples > maxSamples, h.Format == variant.TIFF && int64(h.Samples)*h.sampleBytes() > maxTIFFPixel:
		return source.TooLarge("a pixel has %d samples of %d bits", h.Samples, h.Depth)
	}
	most := RasterSideMax
	if h.Drawn() {
		most = SourceSideMax
	}
	if h.Width > most || h.Height > most {
		return source.TooLarge("the picture is %s, sides are limited to %d", sides(h.Width, h.Height), most)
	}
	return nil
}

func sides(w, h int) string { return fmt.Sprintf("%dx%d", w, h) }
