package header

import (
	"bytes"
	"regexp"

	"github.com/thumbery/thumbery/variant"
)

const (
	// SniffBytes is how much of a file Sniff makes use of, unless it begins like XML.
	SniffBytes = 64
	// PrologBytes is how much of XML Sniff searches for the root element of an SVG.
	PrologBytes = 4 << 10
)

// Sniff recognises the format of a picture by its first bytes. 32 bytes suffice, except
// that an AVIF may list its brands in any order, which 64 bytes decide, and that an SVG may
// begin with blanks and comments: of that it looks at up to PrologBytes.
func Sniff(head []byte) (variant.Format, bool) {
	prolog := head[:min(len(head), PrologBytes)]
	head = head[:min(len(head), SniffBytes)]
	for _, m := range magics {
		if len(head) >= m.offset && bytes.HasPrefix(head[m.offset:], []byte(m.bytes)) {
			return m.format, m.offset == 0 || bytes.HasPrefix(head, []byte("RIFF"))
		}
	}
	if f, ok := sniffBrands(head); ok {
		return f, true
	}
	return variant.SVG, looksLikeXML(head) && svgRoot.Match(XMLText(prolog))
}

type magic struct {
	offset int
	bytes  string
	format variant.Format
}

// magics are the signatures in fixed places; read-only.
var magics = []magic{
	{0, "\xff\xd8\xff", variant.JPEG},
	{0, "\x89PNG\r\n\x1a\n", variant.PNG},
	{0, "GIF87a", variant.GIF},
	{0, "GIF89a", variant.GIF},
	{8, "WEBP", variant.WebP},
	{0, "II*\x00", variant.TIFF},
	{0, "MM\x00*", variant.TIFF},
	{0, "\xff\x0a", variant.JXL},
	{0, "\x00\x00\x00\x0cJXL \r\n\x87\n", variant.JXL},
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", variant.JP2},
	{0, "\xff\x4f\xff\x51", variant.JP2},
	{0, "%PDF-", variant.PDF},
}

// A prefix may stand before the name of an element.
const prefix = `(?:[^\s<>:/!?&]+:)?`

var (
	// svgRoot is what may stand before the root element of an SVG, and its beginning.
	svgRoot = regexp.MustCompile(`(?s)^(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s[^\[>]*(?:\[.*?\]\s*)?>)*<` + prefix + `svg(?:[\s/>]|$)`)
	// xmlStart is how XML begins that may be an SVG, and HTML does not.
	xmlStart = regexp.MustCompile(`^(?:<` + prefix + `svg|<\?|<!--|<!DOCTYPE\s+` + prefix + `svg)`)
)

// looksLikeXML reports whether head begins like XML, and not like HTML. It may begin with
// any number of blanks.
func looksLikeXML(head []byte) bool {
	text := XMLText(head)
	return len(head) >= SniffBytes && len(text) == 0 || xmlStart.Match(text)
}

// MediaType is the Content-Type of a format, or "application/octet-stream" for
// one that is no encoding.
func MediaType(f variant.Format) string {
	switch {
	case f == variant.SVG:
		return "image/svg+xml"
	case f == variant.PDF:
		return "application/pdf"
	case AllFormats.Has(f):
		return "image/" + f.String()
	}
	return "application/octet-stream"
}

// SniffMediaType is the Content-Type of any file, told from its first bytes.
func SniffMediaType(head []byte) string {
	if f, ok := Sniff(head); ok {
		return MediaType(f)
	}
	return MediaType(variant.FormatKeep)
}
