package odd

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// FontSize is an SVG with a letter of a size in pixels. librsvg aborts the
// process over some.
func FontSize(size string) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg"><text font-size="%s">x</text></svg>`, size)
}

// Filtered is an SVG of n red squares, each through a filter of so many times
// that primitive.
func Filtered(n int, primitive string, times int) []byte {
	return fmt.Appendf(nil, `%s<filter id="f" x="-1" y="-1" width="3" height="3">%s</filter>%s</svg>`,
		svgStart, strings.Repeat(primitive, times), strings.Repeat(`<rect width="100" height="100" fill="red" filter="url(#f)"/>`, n))
}

// FilteredUses is Uses of a square that is blurred: at most 10 to the power of
// levels of them.
func FilteredUses(levels int) []byte {
	const square, blurred = `<rect width="1" height="1"/>`, `<rect width="100" height="100" fill="red" opacity=".5" filter="url(#f)"/>`
	filter := []byte(`<defs><filter id="f"><feGaussianBlur stdDeviation="20"/></filter>`)
	b := bytes.Replace(Uses(levels), []byte("<defs>"), filter, 1)
	return bytes.Replace(b, []byte(square), []byte(blurred), 1)
}

// Masks is an SVG of so many masks, each masked by the one before.
func Masks(n int) []byte {
	b := []byte(svgStart + `<defs><mask id="m0"><rect width="100" height="100" fill="white"/></mask>`)
	for i := 1; i < n; i++ {
		b = fmt.Appendf(b, `<mask id="m%d"><rect width="100" height="100" fill="white" mask="url(#m%d)"/></mask>`, i, i-1)
	}
	return fmt.Appendf(b, `</defs><rect width="100" height="100" fill="red" mask="url(#m%d)"/></svg>`, n-1)
}

// OpenElements is an SVG of about size bytes, nearly all of them beginnings of
// elements in one attribute: a parser that looks for the end of each reads all of it
// each time.
func OpenElements(size int) []byte {
	const element = "<image "
	return fmt.Appendf(nil, `<svg xmlns='http://www.w3.org/2000/svg'><g a='%s'></g><g b="x'"></g></svg>`, strings.Repeat(element, size/len(element)))
}

// Embedding is an SVG that embeds a picture of that media type, by a URL whose scheme
// is in capitals.
func Embedding(mediaType string, picture []byte) []byte {
	return fmt.Appendf(nil, `%s<image width="100" height="100" xlink:href="DATA:%s;base64,%s"/></svg>`,
		svgStart, mediaType, base64.StdEncoding.EncodeToString(picture))
}
