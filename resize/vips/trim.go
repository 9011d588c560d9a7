package vips

import "github.com/thumbery/thumbery/resize"

// ground is a part of a picture in memory, and the colour of its upper left pixel, from which
// what is not its border differs.
type ground struct {
	pixels        []byte
	bands, stride int // in bytes
	part          resize.Rect
	corner        []byte
	alphaOnly     bool // that pixel is transparent: only alpha counts
	threshold     int
}

// ground is that of a part of the overview, whose pixels are bytes.
func (r *run) ground(o overview, part resize.Rect, threshold int) *ground {
	pixels := r.Bytes(o.Image)
	if r.Err != nil {
		return nil
	}
	w, _ := r.Size(o.Image)
	g := &ground{pixels: pixels, bands: r.Bands(o.Image), part: part, threshold: threshold}
	g.stride = w * g.bands
	g.corner = g.at(0, 0)
	g.alphaOnly = r.hasAlpha(o.Image) && g.corner[g.bands-1] < 255
	if !r.hasAlpha(o.Image) {
		return g
	}
	g.corner = g.corner[:g.bands-1]
	if g.alphaOnly {
		g.corner = g.at(0, 0)[g.bands-1:]
	}
	return g
}

func (g *ground) at(x, y int) []byte {
	off := (g.part.Top+y)*g.stride + (g.part.Left+x)*g.bands
	return g.pixels[off : off+g.bands]
}

// differs reports whether a pixel is more than limit off the corner's colour, if that lies
// behind it. Beyond the edges nothing is.
func (g *ground) differs(x, y, limit int) bool {
	if x < 0 || y < 0 || x >= g.part.Width || y >= g.part.Height {
		return false
	}
	p, opacity := g.at(x, y), 255
	switch {
	case g.alphaOnly:
		p = p[g.bands-1:]
	case len(g.corner) < g.bands:
		opacity = int(p[g.bands-1])
	}
	for i, c := range g.corner {
		d := int(p[i]) - int(c)
		if max(d, -d)*opacity > limit*255 {
			return true
		}
	}
	return false
}

// count is how many of n pixels in a row, with x, y in the middle, differ.
func (g *ground) count(x, y, dx, dy, n, limit int) (all int) {
	for i := -n / 2; i <= n/2; i++ {
		if g.differs(x+i*dx, y+i*dy, limit) {
			all++
		}
	}
	return all
}

// around is how many of the nine pixels around and at x, y differ.
func (g *ground) around(x, y, limit int) int {
	return g.count(x, y-1, 1, 0, 3, limit) + g.count(x, y, 1, 0, 3, limit) + g.count(x, y+1, 1, 0, 3, limit)
}

// seen reports whether a pixel belongs to something, and is no noise: most of nine pixels
// differ with it, in a square or in a line, or it differs twice as much, with two others
// that it touches, or that touch one another. The median that libvips takes of a square
// has no lines of one pixel any more.
func (g *ground) seen(x, y int) bool {
	const most, line = 5, 9
	limit := g.threshold
	if !g.differs(x, y, limit) {
		return false
	}
	for _, d := range [][2]int{{1, 0}, {0, 1}, {1, 1}, {1, -1}} {
		if g.count(x, y, d[0], d[1], line, limit) >= most {
			return true
		}
	}
	return g.around(x, y, limit) >= most || g.differs(x, y, 2*limit) && g.touches(x, y, 2*limit)
}

// touches reports whether a pixel is one of three that touch.
func (g *ground) touches(x, y, limit int) bool {
	if g.around(x, y, limit) >= 3 {
		return true
	}
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if g.differs(x+dx, y+dy, limit) && g.around(x+dx, y+dy, limit) >= 3 {
				return true
			}
		}
	}
	return false
}

// inner is the part without the border, relative to it. It is empty if all is border.
func (g *ground) inner() (r resize.Rect) {
	w, h := g.part.Width, g.part.Height
	row := func(y int) bool { return firstOf(w, func(x int) bool { return g.seen(x, y) }) < w }
	top := firstOf(h, row)
	if top == h {
		return resize.Rect{}
	}
	bottom := h - firstOf(h, func(i int) bool { return row(h - 1 - i) })
	column := func(x int) bool {
		return firstOf(bottom-top, func(i int) bool { return g.seen(x, top+i) }) < bottom-top
	}
	left := firstOf(w, column)
	right := w - firstOf(w, func(i int) bool { return column(w - 1 - i) })
	return resize.Rect{Left: left, Top: top, Width: right - left, Height: bottom - top}
}

// firstOf is the first of n numbers for which is holds; n if there is none.
func firstOf(n int, is func(int) bool) int {
	for i := range n {
		if is(i) {
			return i
		}
	}
	return n
}
