package variant

import (
	"cmp"
	"fmt"
	"strconv"
)

// Format is the encoding of a picture.
type Format uint8

// The formats. All but FormatKeep and FormatAuto are encodings; those up to GIF and JXL can
// be written. A new one is added at the end of the list. docs/architecture.md says what else a
// format of originals, or of results, needs ("How to add").
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
