// Package svg reads the size of an SVG, and rejects small files that are costly or
// dangerous to render. A list of such things is never complete.
package svg

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// Bounds on an SVG. What is drawn of few bytes can still take long.
const (
	maxProlog   = 64 << 10  // bytes before the root element is over
	maxSVGBytes = 10 << 20  // libxml2 takes no longer text either
	maxElements = 128 << 10 // librsvg draws some 150,000 a second
	maxDepth    = 256       // libxml2's
	headBytes   = 64        // in which a root element that is not over begins
)

// The size of an SVG that gives none, from CSS (css-images-3, 5.3).
const (
	svgDefaultWidth  = 300
	svgDefaultHeight = 150
)

// Inspect reads the sides from the root element, which must be over within maxProlog
// bytes. Other XML is no picture. embedded is the weight, in pixels, of a picture that
// is held as a data: URL.
func Inspect(s *source.Source, embedded func(raw []byte) (int64, error)) (width, height int, err error) {
	root, entities, err := svgRoot(s)
	if err != nil {
		return 0, 0, err
	}
	if s.Size > maxSVGBytes {
		return 0, 0, source.TooLarge("an SVG of %d bytes, the limit is %d", s.Size, maxSVGBytes)
	}
	if err := checkMarkup(s, entities); err != nil {
		return 0, 0, err
	}
	if err := checkDrawing(s, embedded); err != nil {
		return 0, 0, err
	}
	width, height = svgSize(root)
	return width, height, nil
}

// svgRoot reads up to the root element, and returns its attributes, and how long
// the longest entity is that is declared before it.
func svgRoot(s *source.Source) (attrs []xml.Attr, entities int, err error) {
	prolog := &prologReader{r: io.NewSectionReader(s.Reader(), 0, min(s.Size, maxProlog))}
	d := xml.NewDecoder(prolog)
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		t, err := d.RawToken()
		if err != nil {
			return nil, 0, cmp.Or(prolog.err, noRoot(s, err))
		}
		switch t := t.(type) {
		case xml.ProcInst:
			err = checkEncoding(t)
		case xml.Directive:
			entities, err = longestEntity(t, entities)
		case xml.StartElement:
			if t.Name.Local != "svg" {
				return nil, 0, source.ErrNotPicture
			}
			return t.Attr, entities, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// noRoot is the error for a file whose root element could not be read.
func noRoot(s *source.Source, err error) error {
	syntax, ok := errors.AsType[*xml.SyntaxError](err)
	head, failed := s.At(0, int(min(s.Size, headBytes)))
	if ok && syntax.Msg == "unexpected EOF" && failed == nil && bytes.Contains(head, []byte("<svg")) {
		return source.CutShort("its first element")
	}
	return source.ErrNotPicture
}

// prologReader remembers errors of reading, which the XML decoder does not tell apart
// from errors of syntax.
type prologReader struct {
	r   io.Reader
	err error
}

func (p *prologReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err != nil && err != io.EOF {
		p.err = fmt.Errorf("reading the picture: %w", err)
	}
	return n, err
}

// checkEncoding refuses what is not written as ASCII is: in UTF-7 or EBCDIC a
// parser would read markup where we see none.
func checkEncoding(p xml.ProcInst) error {
	if p.Target != "xml" {
		return nil
	}
	_, after, ok := bytes.Cut(bytes.ToLower(p.Inst), []byte("encoding"))
	if !ok {
		return nil
	}
	name := strings.FieldsFunc(string(after), func(r rune) bool { return strings.ContainsRune(" \t\r\n='\"", r) })
	if len(name) == 0 {
		return source.Broken("an encoding without a name")
	}
	for _, known := range []string{"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-", "windows-125"} {
		if strings.HasPrefix(name[0], known) {
			return nil
		}
	}
	return source.Broken("an SVG in the encoding %q", name[0])
}

// svgSize is what librsvg and libvips take for the natural size: width and
// height if both are given; with one of them and a view box that in its ratio;
// else the view box's own. Where all is open they measure what is drawn, and
// this is CSS's default.
func svgSize(attrs []xml.Attr) (width, height int) {
	attrs = withStyle(attrs)
	em := fontSize(attrs)
	var w, h, boxW, boxH float64
	for _, a := range attrs {
		if a.Name.Space != "" {
			continue
		}
		switch a.Name.Local {
		case "width":
			w = cssPixels(a.Value, em)
		case "height":
			h = cssPixels(a.Value, em)
		case "viewBox":
			boxW, boxH = viewBox(a.Value)
		}
	}
	switch {
	case w > 0 && h > 0:
	case boxW == 0:
		w, h = svgDefaultWidth, svgDefaultHeight
	case w > 0:
		h = w * boxH / boxW
	case h > 0:
		w = h * boxW / boxH
	default:
		w, h = boxW, boxH
	}
	return wholePixels(w), wholePixels(h)
}

// withStyle adds the declarations of a style attribute, which go before the
// attributes of the same name.
func withStyle(attrs []xml.Attr) []xml.Attr {
	for _, a := range attrs {
		if a.Name.Space != "" || a.Name.Local != "style" {
			continue
		}
		for declaration := range strings.SplitSeq(a.Value, ";") {
			if name, value, ok := strings.Cut(declaration, ":"); ok {
				name = strings.ToLower(strings.TrimSpace(name))
				if name != "viewbox" {
					attrs = append(attrs, xml.Attr{Name: xml.Name{Local: name}, Value: value})
				}
			}
		}
		break
	}
	return attrs
}

// fontSize is what 1em is, in pixels.
func fontSize(attrs []xml.Attr) float64 {
	em := float64(svgFontSize)
	for _, a := range attrs {
		if a.Name == (xml.Name{Local: "font-size"}) {
			if px := cssPixels(a.Value, svgFontSize); px > 0 {
				em = px
			}
		}
	}
	return em
}

func wholePixels(x float64) int {
	return int(max(1, min(math.Floor(x+0.5), source.SideMax+1)))
}

// viewBox reads the sides of "min-x min-y width height", 0 if they are none.
func viewBox(s string) (w, h float64) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r <= ' ' })
	if len(parts) != 4 {
		return 0, 0
	}
	w, h = source.Number(parts[2]), source.Number(parts[3])
	if w <= 0 || h <= 0 {
		return 0, 0
	}
	return w, h
}

// svgFontSize is librsvg's medium font size, in pixels.
const svgFontSize = 12

// cssPixels reads an absolute CSS length, at 72 pixels an inch as libvips does
// unless told otherwise; 0 stands for percentages and whatever else has no size
// by itself.
func cssPixels(s string, em float64) float64 {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, unit := range []struct {
		name   string
		pixels float64
	}{{"px", 1}, {"pt", 1}, {"pc", 12}, {"mm", 72 / 25.4}, {"cm", 72 / 2.54}, {"in", 72}, {"em", em}, {"ex", em / 2}} {
		if n, ok := strings.CutSuffix(s, unit.name); ok {
			return max(0, source.Number(n)) * unit.pixels
		}
	}
	return max(0, source.Number(s))
}
