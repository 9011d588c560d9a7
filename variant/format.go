package variant

import (
	"cmp"
	"fmt"
	"strconv"
)

// Format is the encoding of a picture.
type Format uint8

// The formats. All but FormatKeep and FormatAuto are encodings; those up to GIF and JXL can
// be written. A new format of originals also needs
//
//   - its name in formatWords, below
//   - a place in header.DefaultFormats or header.AllFormats (resize/header/formatset.go)
//   - its first bytes and its media type (resize/header/sniff.go)
//   - a place in header.Probed (resize/header/formatset.go), or a parser in a file of its
//     own in resize/header, in the switch of inspectorOf (resize/header/inspect.go)
//   - the loader of libvips (resize/vips/load.go), and its weight (resize/cost.go)
//   - a flag in cmd/thumbery/internal/settings/limits.go, if it is not read by default
//   - a picture in testdata, and a seed of the parser's fuzz test
//
// Add it at the end of the list. docs/architecture.md describes these steps, and those for a
// format of results.
const (
	FormatKeep Format = iota // that of the original
	FormatAuto               // the best that the client accepts
	JPEG
	PNG
	WebP
	AVIF
	GIF
	TIFF
	HEIC
	SVG
	JXL
	JP2
	PDF
)

var (
	outputWords = words{FormatAuto: "auto", JPEG: "jpeg", PNG: "png", WebP: "webp", AVIF: "avif", GIF: "gif", JXL: "jxl"}
	formatWords = words{
		FormatKeep: "keep", FormatAuto: "auto", JPEG: "jpeg", PNG: "png", WebP: "webp", AVIF: "avif",
		GIF: "gif", TIFF: "tiff", HEIC: "heic", SVG: "svg", JXL: "jxl", JP2: "jp2", PDF: "pdf",
	}
)

// String is the format's name in URLs and JSON, such as "jpeg".
func (f Format) String() string { return cmp.Or(formatWords.spelling(int(f)), strconv.Itoa(int(f))) }

// ParseFormat parses the name of an encoding that can be written, as in "f_webp" without
// the "f_". "auto" is none.
func ParseFormat(s string) (Format, error) {
	var f Format
	if err := word(&f, s, outputWords); err != nil || f == FormatAuto {
		return 0, fmt.Errorf("%q is not one of jpeg, png, webp, avif, gif, jxl", s)
	}
	return f, nil
}
