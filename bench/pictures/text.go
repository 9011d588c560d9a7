package main

import (
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// text outlines s in Go Bold, size units high, from x on the base line y. It
// also gives the text's width.
func text(s string, x, y, size float64) (path, float64, error) {
	f, err := sfnt.Parse(gobold.TTF)
	if err != nil {
		return nil, 0, err
	}
	const em = 1000
	var out path
	var buf sfnt.Buffer
	pen := 0.0
	for _, r := range s {
		g, err := f.GlyphIndex(&buf, r)
		if err != nil {
			return nil, 0, err
		}
		segments, err := f.LoadGlyph(&buf, g, fixed.I(em), nil)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, glyph(segments, point{x + pen, y}, size/em)...)
		advance, err := f.GlyphAdvance(&buf, g, fixed.I(em), 0)
		if err != nil {
			return nil, 0, err
		}
		pen += float64(advance) / 64 * size / em
	}
	return out, pen, nil
}

func glyph(segments sfnt.Segments, at point, scale float64) path {
	pt := func(q fixed.Point26_6) point {
		return point{at.x + float64(q.X)/64*scale, at.y + float64(q.Y)/64*scale}
	}
	var out path
	var pen point
	for _, s := range segments {
		if s.Op == sfnt.SegmentOpMoveTo {
			pen = pt(s.Args[0])
			out = append(out, outline{start: pen})
			continue
		}
		c := cubic(s, pen, pt)
		o := &out[len(out)-1]
		o.curves = append(o.curves, c)
		pen = c[2]
	}
	return out
}

// cubic raises a line or a quadratic curve to a cubic.
func cubic(s sfnt.Segment, pen point, pt func(fixed.Point26_6) point) [3]point {
	a, b, c := pt(s.Args[0]), pt(s.Args[1]), pt(s.Args[2])
	switch s.Op {
	case sfnt.SegmentOpLineTo:
		return line(pen, a)
	case sfnt.SegmentOpQuadTo:
		return [3]point{{mix(pen.x, a.x, 2./3), mix(pen.y, a.y, 2./3)}, {mix(b.x, a.x, 2./3), mix(b.y, a.y, 2./3)}, b}
	default:
		return [3]point{a, b, c}
	}
}
