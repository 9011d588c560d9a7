package container

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/resize/header"
)

// svgDefault is the size of an SVG that gives none, from CSS (css-images-3, 5.3).
const svgDefault = ` width="300" height="150"`

var (
	// svgLength is a length that needs no other to be known.
	svgLength = regexp.MustCompile(`(?i)^\s*\+?([\d.]+(?:e[+-]?\d+)?)(?:px|pt|pc|mm|cm|in|em|ex)?\s*$`)
	// sizeAttribute is what gives, or fails to give, the size of an SVG.
	sizeAttribute = regexp.MustCompile(`(\s)(width|height)(\s*=)`)
)

// sizedSVG is src with the size that browsers give it, if its root element has neither
// a size nor a view box: libvips would take the size of what is drawn, and draw only part
// of that. The error is of kind header.ErrTooLarge if a side is beyond
// header.SourceSideMax, of which libvips would make one pixel; of kind
// header.ErrNotPicture for XML of another kind.
func sizedSVG(src []byte) ([]byte, error) {
	root, start, end := svgRoot(src)
	if end > 0 && root.Name.Local != "svg" {
		return nil, fmt.Errorf("%w: its root element is %.20q", header.ErrNotPicture, root.Name.Local)
	}
	var lengths, box []float64
	styled := end == 0
	for _, a := range root.Attr {
		switch {
		case a.Name.Space != "":
		case a.Name.Local == "width", a.Name.Local == "height":
			if m := svgLength.FindStringSubmatch(a.Value); m != nil {
				lengths = append(lengths, number(m[1]))
			}
		case a.Name.Local == "viewBox":
			for s := range strings.FieldsFuncSeq(a.Value, func(r rune) bool { return r == ',' || r <= ' ' }) {
				box = append(box, number(s))
			}
		case a.Name.Local == "style":
			styled = strings.Contains(a.Value, "width") && strings.Contains(a.Value, "height")
		}
	}
	hasBox := len(box) == 4 && box[2] > 0 && box[3] > 0
	if len(lengths) == 0 && hasBox {
		lengths = box[2:]
	}
	switch {
	case slices.Max(append(lengths, 0)) > header.SourceSideMax:
		return nil, fmt.Errorf("%w: its sides are %v, and limited to %d", header.ErrTooLarge, lengths, header.SourceSideMax)
	case len(lengths) == 2 || hasBox || styled:
		return src, nil
	}
	tag := sizeAttribute.ReplaceAll(src[start:end], []byte("${1}data-$2$3"))
	name := max(1, bytes.IndexAny(tag, " \t\r\n/>"))
	return slices.Concat(src[:start], tag[:name], []byte(svgDefault), tag[name:], src[end:]), nil
}

// number is s, or 0 if that is none.
func number(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil && x == 0 {
		return 0
	}
	return x
}

// svgRoot finds the first element, which lies from start to end; end is 0 if there is
// none, or in an encoding that only libxml2 reads.
func svgRoot(src []byte) (root xml.StartElement, start, end int64) {
	d := xml.NewDecoder(bytes.NewReader(src))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		start = d.InputOffset()
		t, err := d.RawToken()
		if err != nil {
			return root, 0, 0
		}
		if e, ok := t.(xml.StartElement); ok {
			return e, start, d.InputOffset()
		}
	}
}
