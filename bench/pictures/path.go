package main

import (
	"image"
	"math"

	"golang.org/x/image/vector"
)

type point struct{ x, y float64 }

// outline is one closed curve: a start and cubic Béziers of three points each.
type outline struct {
	start  point
	curves [][3]point
}

// path is a set of outlines; where they wind opposite ways there is a hole.
type path []outline

// line is the cubic that is a straight line.
func line(a, b point) [3]point {
	return [3]point{{mix(a.x, b.x, 1./3), mix(a.y, b.y, 1./3)}, {mix(a.x, b.x, 2./3), mix(a.y, b.y, 2./3)}, b}
}

// polygon joins x, y pairs by straight lines.
func polygon(xy ...float64) path {
	pts := pairs(xy)
	o := outline{start: pts[0]}
	for i := 1; i < len(pts); i++ {
		o.curves = append(o.curves, line(pts[i-1], pts[i]))
	}
	return path{o}
}

func pairs(xy []float64) []point {
	pts := make([]point, 0, len(xy)/2)
	for i := 0; i+1 < len(xy); i += 2 {
		pts = append(pts, point{xy[i], xy[i+1]})
	}
	return pts
}

// blob is a closed smooth curve through x, y pairs (Catmull-Rom).
func blob(xy ...float64) path {
	pts := pairs(xy)
	n := len(pts)
	o := outline{start: pts[0]}
	for i := range n {
		a, b, c, d := pts[(i+n-1)%n], pts[i], pts[(i+1)%n], pts[(i+2)%n]
		o.curves = append(o.curves, [3]point{
			{b.x + (c.x-a.x)/6, b.y + (c.y-a.y)/6}, {c.x - (d.x-b.x)/6, c.y - (d.y-b.y)/6}, c,
		})
	}
	return path{o}
}

// rounded is a polygon whose corners are cut by r and curved.
func rounded(r float64, xy ...float64) path {
	pts := pairs(xy)
	n := len(pts)
	var o outline
	for i, at := range pts {
		in, out := toward(at, pts[(i+n-1)%n], r), toward(at, pts[(i+1)%n], r)
		if i == 0 {
			o.start = in
		} else {
			o.curves = append(o.curves, line(o.curves[len(o.curves)-1][2], in))
		}
		o.curves = append(o.curves, [3]point{toward(at, in, r*0.45), toward(at, out, r*0.45), out})
	}
	return path{o}
}

// toward is the point at distance d from a on the way to b.
func toward(a, b point, d float64) point {
	t := d / math.Hypot(b.x-a.x, b.y-a.y)
	return point{mix(a.x, b.x, t), mix(a.y, b.y, t)}
}

func rect(x, y, w, h float64) path { return polygon(x, y, x+w, y, x+w, y+h, x, y+h) }

// ellipse is drawn with the usual four cubics; 0.5523 brings each within 0.03 %
// of the arc.
func ellipse(x, y, rx, ry float64) path {
	const k = 0.5523
	return path{{start: point{x + rx, y}, curves: [][3]point{
		{{x + rx, y + k*ry}, {x + k*rx, y + ry}, {x, y + ry}},
		{{x - k*rx, y + ry}, {x - rx, y + k*ry}, {x - rx, y}},
		{{x - rx, y - k*ry}, {x - k*rx, y - ry}, {x, y - ry}},
		{{x + k*rx, y - ry}, {x + rx, y - k*ry}, {x + rx, y}},
	}}}
}

// tile is a rectangle with round corners.
func tile(x, y, w, h, r float64) path {
	k := r * (1 - 0.5523)
	a, b, c, d := point{x + w, y + r}, point{x + w, y + h - r}, point{x + w - r, y + h}, point{x + r, y + h}
	e, f, g, s := point{x, y + h - r}, point{x, y + r}, point{x + r, y}, point{x + w - r, y}
	return path{{start: s, curves: [][3]point{
		{{x + w - k, y}, {x + w, y + k}, a},
		line(a, b),
		{{x + w, y + h - k}, {x + w - k, y + h}, c},
		line(c, d),
		{{x + k, y + h}, {x, y + h - k}, e},
		line(e, f),
		{{x, y + k}, {x + k, y}, g},
		line(g, s),
	}}}
}

// stroke is a curve from a to b bent through ctrl, w wide at a and pointed at b.
func stroke(a, ctrl, b point, w float64) path {
	dx, dy := ctrl.x-a.x, ctrl.y-a.y
	l := math.Hypot(dx, dy)
	if l == 0 {
		return nil
	}
	nx, ny := -dy/l*w/2, dx/l*w/2
	one, two := point{ctrl.x + nx*0.7, ctrl.y + ny*0.7}, point{ctrl.x - nx*0.7, ctrl.y - ny*0.7}
	end := point{a.x - nx, a.y - ny}
	return path{{start: point{a.x + nx, a.y + ny}, curves: [][3]point{{one, one, b}, {two, two, end}}}}
}

// each calls f with every point of the path, control points included.
func (p path) each(f func(point)) {
	for _, o := range p {
		f(o.start)
		for _, c := range o.curves {
			f(c[0])
			f(c[1])
			f(c[2])
		}
	}
}

// bounds is a box of pixels that holds the path.
func (p path) bounds(scale float64) image.Rectangle {
	if len(p) == 0 {
		return image.Rectangle{}
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	p.each(func(q point) {
		x0, y0, x1, y1 = min(x0, q.x), min(y0, q.y), max(x1, q.x), max(y1, q.y)
	})
	return image.Rect(int(math.Floor(x0*scale)), int(math.Floor(y0*scale)),
		int(math.Ceil(x1*scale)), int(math.Ceil(y1*scale)))
}

// trace draws the path in pixels relative to origin.
func (p path) trace(ras *vector.Rasterizer, scale float64, origin image.Point) {
	at := func(q point) (float32, float32) {
		return float32(q.x*scale - float64(origin.X)), float32(q.y*scale - float64(origin.Y))
	}
	for _, o := range p {
		ras.MoveTo(at(o.start))
		for _, c := range o.curves {
			bx, by := at(c[0])
			cx, cy := at(c[1])
			dx, dy := at(c[2])
			ras.CubeTo(bx, by, cx, cy, dx, dy)
		}
		ras.ClosePath()
	}
}

// transform maps every point.
func (p path) transform(f func(point) point) path {
	out := make(path, len(p))
	for i, o := range p {
		out[i].start = f(o.start)
		for _, c := range o.curves {
			out[i].curves = append(out[i].curves, [3]point{f(c[0]), f(c[1]), f(c[2])})
		}
	}
	return out
}

// mirror flips left and right about x.
func (p path) mirror(x float64) path {
	return p.transform(func(q point) point { return point{2*x - q.x, q.y} })
}
