package resize

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// The size of an SVG that gives none, from CSS (css-images-3, 5.3).
const (
	svgDefaultWidth  = 300
	svgDefaultHeight = 150
)

// inspectSVG reads the root element, which must be over within maxProlog
// bytes. Other XML is no picture.
func inspectSVG(s *source) (Header, error) {
	prolog := &prologReader{r: io.NewSectionReader(s.r, 0, min(s.size, maxProlog))}
	d := xml.NewDecoder(prolog)
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		t, err := d.RawToken()
		if err != nil {
			return Header{}, cmp.Or(prolog.err, ErrNotPicture)
		}
		if root, ok := t.(xml.StartElement); ok {
			if root.Name.Local != "svg" {
				return Header{}, ErrNotPicture
			}
			w, h := svgSize(root.Attr)
			return Header{
				Format: variant.SVG, Width: w, Height: h,
				Orientation: 1, Pages: 1, Depth: 8, Alpha: true,
			}, nil
		}
	}
}

// prologReader remembers that bytes could not be read, which the XML decoder
// mixes with what it finds wrong in them.
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

// svgSize is CSS's default sizing: what is given counts, the view box gives the
// ratio, and with the ratio alone the picture is the largest in 300x150.
func svgSize(attrs []xml.Attr) (width, height int) {
	var w, h, ratio float64
	for _, a := range attrs {
		switch a.Name.Local {
		case "width":
			w = cssPixels(a.Value)
		case "height":
			h = cssPixels(a.Value)
		case "viewBox":
			ratio = viewBoxRatio(a.Value)
		}
	}
	switch {
	case w > 0 && h > 0:
	case ratio == 0:
		w, h = orElse(w, svgDefaultWidth), orElse(h, svgDefaultHeight)
	case w > 0:
		h = w / ratio
	case h > 0:
		w = h * ratio
	default:
		w = min(svgDefaultWidth, svgDefaultHeight*ratio)
		h = w / ratio
	}
	return wholePixels(w), wholePixels(h)
}

func orElse(x, byDefault float64) float64 {
	if x > 0 {
		return x
	}
	return byDefault
}

func wholePixels(x float64) int {
	return int(max(1, min(math.Floor(x+0.5), SourceSideMax+1)))
}

// viewBoxRatio is width to height of "min-x min-y width height", 0 if it is
// none.
func viewBoxRatio(s string) float64 {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r <= ' ' })
	if len(parts) != 4 {
		return 0
	}
	w, h := finite(parts[2]), finite(parts[3])
	if w <= 0 || h <= 0 {
		return 0
	}
	return w / h
}

// cssPixels reads an absolute CSS length, at 96 pixels an inch; 0 stands for
// percentages and whatever else has no size by itself.
func cssPixels(s string) float64 {
	s = strings.TrimSpace(s)
	for _, unit := range []struct {
		name   string
		pixels float64
	}{{"px", 1}, {"pt", 96. / 72}, {"pc", 16}, {"mm", 96 / 25.4}, {"cm", 96 / 2.54}, {"in", 96}, {"rem", 16}, {"em", 16}, {"ex", 8}} {
		if n, ok := strings.CutSuffix(s, unit.name); ok {
			return max(0, finite(n)) * unit.pixels
		}
	}
	return max(0, finite(s))
}

func finite(s string) float64 {
	x, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0
	}
	return x
}
