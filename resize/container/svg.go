package container

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/resize/header"
)

// The size of an SVG that gives none, and that of the letters on which the units em and ex
// depend, from CSS (css-images-3, 5.3; css-fonts-4, 2.5). librsvg has letters of 12 pixels.
const (
	svgWidth, svgHeight = 300, 150
	svgFont             = 16
)

var (
	// svgLength is a length that needs no other to be known.
	svgLength = regexp.MustCompile(`(?i)^\s*\+?((?:\d+\.?|\d*\.\d+)(?:e[+-]?\d+)?)(px|pt|pc|mm|cm|q|in|rem|em|ex)?\s*$`)
	// svgUnits are the pixels of units, at 96 an inch (css-values-4, 6.2).
	svgUnits = map[string]float64{
		"": 1, "px": 1, "pt": 96.0 / 72, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "q": 96 / 101.6, "in": 96,
	}
	// svgFontUnits are parts of the size of letters.
	svgFontUnits = map[string]float64{"rem": 1, "em": 1, "ex": 0.5}
	// sizeAttribute is what gives, or fails to give, the size of an SVG.
	sizeAttribute = regexp.MustCompile(`(\s)(width|height)(\s*=)`)
)

// plainSVG returns src in UTF-8 without anything before the markup, and with the size and
// the font size that browsers give it. Without them, libvips takes the size of what is drawn
// if there is neither a size nor a view box, and draws only part of that; and it refuses an
// SVG smaller than half a pixel, of which the shorter side is made one pixel. The error is of
// kind header.ErrTooLarge if a side is beyond header.SourceSideMax, of which libvips would
// make one pixel; of kind header.ErrNotPicture for XML of another kind.
func plainSVG(src []byte) ([]byte, error) {
	src = header.XMLText(src)
	root, start, end := svgElement(src)
	switch {
	case end == 0:
		return src, nil
	case root.Name.Local != "svg":
		return nil, fmt.Errorf("%w: its root element is %.20q", header.ErrNotPicture, root.Name.Local)
	}
	s := newSVGSize(root)
	if max(s.width, s.height) > header.SourceSideMax {
		return nil, fmt.Errorf("%w: its sides are %g and %g, and limited to %d", header.ErrTooLarge, s.width, s.height, header.SourceSideMax)
	}
	tag, added := src[start:end], ""
	if s.changed {
		tag = sizeAttribute.ReplaceAll(tag, []byte("${1}data-$2$3"))
		added = ` width="` + decimal(s.width) + `" height="` + decimal(s.height) + `"`
	}
	if !s.font {
		added += fmt.Sprintf(` font-size="%d"`, svgFont)
	}
	name := max(1, bytes.IndexAny(tag, " \t\r\n/>"))
	return bytes.Join([][]byte{src[:start], tag[:name], []byte(added), tag[name:], src[end:]}, nil), nil
}

// svgSize is what the root element says of the size of an SVG.
type svgSize struct {
	width, height float64 // pixels
	changed       bool    // libvips would find another size
	font          bool    // it says how large letters are
}

func newSVGSize(root xml.StartElement) (s svgSize) {
	attr := map[string]string{}
	for _, a := range root.Attr {
		if _, known := attr[a.Name.Local]; a.Name.Space == "" && !known {
			attr[a.Name.Local] = a.Value
		}
	}
	style := attr["style"]
	s.font = attr["font-size"] != "" || strings.Contains(style, "font")
	em, _ := svgPixels(attr["font-size"], svgFont)
	if em <= 0 || em > header.SourceSideMax {
		em = svgFont
	}
	var plainW, plainH bool
	s.width, plainW = svgPixels(attr["width"], em)
	s.height, plainH = svgPixels(attr["height"], em)
	given := s.width > 0 && s.height > 0
	box := svgBox(attr["viewBox"])
	s.complete(box)
	small := min(s.width, s.height)
	if small < 1 && box != nil {
		s.width, s.height = s.width/small, s.height/small
	}
	styled := strings.Contains(style, "width") && strings.Contains(style, "height")
	s.changed = !styled && (!plainW || !plainH || small < 1 || !given && box == nil)
	return s
}

// svgPixels is a length in pixels, 0 if it is none that is known, in letters of em pixels.
// It is plain if librsvg takes it for the same.
func svgPixels(text string, em float64) (length float64, plain bool) {
	m := svgLength.FindStringSubmatch(text)
	if m == nil {
		return 0, true
	}
	unit := strings.ToLower(m[2])
	return number(m[1]) * (svgUnits[unit] + svgFontUnits[unit]*em), unit == "" || unit == "px"
}

// svgBox is a view box, nil if it is none.
func svgBox(text string) (box []float64) {
	for n := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r <= ' ' }) {
		box = append(box, number(n))
	}
	if len(box) != 4 || !(box[2] > 0 && box[3] > 0) {
		return nil
	}
	return box
}

// complete adds the sides that are not given, by the ratio of the view box if there is one.
func (s *svgSize) complete(box []float64) {
	width, height := float64(svgWidth), float64(svgHeight)
	if box != nil {
		width, height = box[2], box[3]
	}
	switch {
	case box != nil && s.width > 0 && s.height == 0:
		s.height = s.width * height / width
	case box != nil && s.height > 0 && s.width == 0:
		s.width = s.height * width / height
	default:
		s.width, s.height = cmp.Or(s.width, width), cmp.Or(s.height, height)
	}
}

// number is s, or 0 if that is none.
func number(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil && x == 0 {
		return 0
	}
	return x
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// svgElement finds the first element, which lies from start to end; end is 0 if there is
// none, or in an encoding that only libxml2 reads.
func svgElement(src []byte) (root xml.StartElement, start, end int64) {
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
