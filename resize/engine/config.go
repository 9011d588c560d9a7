// Package engine has what an engine and its callers share, also across processes: the
// engine's settings, and what it can do. It is pure.
package engine

import (
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/watermark"
)

// Config are the operator's choices about an engine. The zero value is valid.
type Config struct {
	Choice    Choice // "" is Auto
	AVIFSpeed int    // 1..9; 0 is DefaultAVIFSpeed
	// Formats are the formats of originals; 0 is header.DefaultFormats. The loaders of
	// all others are blocked, except those of JPEG, PNG and WebP, in which the engine's
	// own intermediate pictures are, above all mezzanines.
	Formats header.Formats
	Lenient bool // broken files give what can be decoded, besides the error
	// AllScans decodes all of a progressive JPEG, also what a reduction does not need.
	AllScans   bool
	Watermarks []watermark.Watermark
}

// DefaultAVIFSpeed is how fast, and badly, AVIF is encoded, 1..9. Photographs at
// 600 wide took, at the same number of bytes, with libvips 8.14:
//
//	speed   CPU, ms   butteraugli
//	5       319       1.18
//	6        89       1.24
//	7        51       1.47
//	8        36       1.58
//	(WebP    20)
const DefaultAVIFSpeed = 6

// Choice says which of two ways to call libvips makes pictures.
type Choice string

// The values of Choice.
const (
	// Auto has each picture made by the one that makes it right and fast.
	Auto Choice = "auto"
	// Bimg has bimg make all that it can express, also where it is known to get
	// it a little wrong, and our own calls the rest.
	Bimg Choice = "bimg"
	// Direct has our own calls of libvips make everything.
	Direct Choice = "vips"
)
