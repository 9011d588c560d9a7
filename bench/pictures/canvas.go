package main

import (
	"image"
	"image/color"
	"math"
	"runtime"
	"sync"
)

// canvas is an opaque picture that is painted back to front. Scenes are drawn
// in their own units, of which each is scale pixels long.
type canvas struct {
	w, h  int // pixels
	scale float64
	pix   []rgb
}

func newCanvas(w, h int, scale float64) *canvas {
	return &canvas{w: w, h: h, scale: scale, pix: make([]rgb, w*h)}
}

// shade recolours every pixel; x and y are in the scene's units. f is called
// from several goroutines.
func (c *canvas) shade(f func(x, y float64, under rgb) rgb) {
	c.rows(func(py int) {
		y := (float64(py) + 0.5) / c.scale
		row := c.pix[py*c.w : (py+1)*c.w]
		for px := range row {
			row[px] = f((float64(px)+0.5)/c.scale, y, row[px])
		}
	})
}

// rows calls f for each row, on all processors.
func (c *canvas) rows(f func(py int)) {
	var wg sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for first := range n {
		wg.Go(func() {
			for py := first; py < c.h; py += n {
				f(py)
			}
		})
	}
	wg.Wait()
}

// paint gives a colour and how much it covers, 0..1.
type paint func(x, y float64) (rgb, float64)

func solid(c rgb) paint { return veil(c, 1) }

// veil is a translucent colour.
func veil(c rgb, alpha float64) paint {
	return func(x, y float64) (rgb, float64) { return c, alpha }
}

// down is a gradient from the height y0 to y1.
func down(y0 float64, a rgb, y1 float64, b rgb) paint {
	return func(_, y float64) (rgb, float64) { return a.to(b, clamp01((y-y0)/(y1-y0))), 1 }
}

// round shades a ball: a at its lit point, b from the radius on.
func round(x0, y0, radius float64, a, b rgb) paint {
	return func(x, y float64) (rgb, float64) {
		return a.to(b, smooth(0, 1, math.Hypot(x-x0, y-y0)/radius)), 1
	}
}

// rough wavers the brightness of a paint by noise: size in units, depth 0..1.
func rough(p paint, n noise, size, depth float64) paint {
	return func(x, y float64) (rgb, float64) {
		c, a := p(x, y)
		return c.lit(1 + depth*n.fractal(x/size, y/size, 4)), a
	}
}

// fill paints the inside of p with soft edges of one pixel.
func (c *canvas) fill(p path, with paint) { c.fillSoft(p, 0, with) }

// fillSoft paints the inside of p blurred by so many units.
func (c *canvas) fillSoft(p path, blur float64, with paint) {
	m := c.mask(p, blur)
	for y := m.box.Min.Y; y < m.box.Max.Y; y++ {
		for x := m.box.Min.X; x < m.box.Max.X; x++ {
			if k := m.at(x, y); k > 0 {
				col, a := with((float64(x)+0.5)/c.scale, (float64(y)+0.5)/c.scale)
				at := y*c.w + x
				c.pix[at] = c.pix[at].to(col, a*k)
			}
		}
	}
}

// finish adds what a lens and film would: darker corners and grain, both 0..1.
// Grain makes the files compress like photographs.
func (c *canvas) finish(n noise, corners, grain float64) {
	w, h := float64(c.w), float64(c.h)
	c.rows(func(py int) {
		for px := range c.w {
			d := math.Hypot(float64(px)-w/2, float64(py)-h/2) / math.Hypot(w/2, h/2)
			g := n.white(px, py) + n.white(px+9973, py) + n.white(px, py+9973) - 1.5
			at := py*c.w + px
			p := c.pix[at].lit(1 - corners*d*d*d)
			c.pix[at] = rgb{p.r + g*grain, p.g + g*grain, p.b + g*grain}
		}
	})
}

// picture is the canvas in 8 bits.
func (c *canvas) picture() *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
	for i, p := range c.pix {
		out.SetRGBA(i%c.w, i/c.w, color.RGBA{byteOf(p.r), byteOf(p.g), byteOf(p.b), 255})
	}
	return out
}
