package main

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// mask is how much a shape covers each pixel of a box, 0..1.
type mask struct {
	box image.Rectangle
	pix []float32
}

func (m mask) at(x, y int) float64 {
	return float64(m.pix[(y-m.box.Min.Y)*m.box.Dx()+x-m.box.Min.X])
}

// mask rasterises p where it is on the canvas.
func (c *canvas) mask(p path, blur float64) mask {
	soft := blur * c.scale
	box := p.bounds(c.scale).Inset(-int(3*soft) - 1)
	// What is just off the canvas still blurs into it.
	box = box.Intersect(image.Rect(0, 0, c.w, c.h).Inset(-int(3 * soft)))
	m := mask{box: box, pix: make([]float32, box.Dx()*box.Dy())}
	if box.Empty() {
		return m
	}
	ras := vector.NewRasterizer(box.Dx(), box.Dy())
	p.trace(ras, c.scale, box.Min)
	flat := image.NewAlpha(image.Rect(0, 0, box.Dx(), box.Dy()))
	ras.DrawOp = draw.Src
	ras.Draw(flat, flat.Bounds(), image.Opaque, image.Point{})
	for i, a := range flat.Pix {
		m.pix[i] = float32(a) / 255
	}
	m.blur(soft)
	return m.clip(image.Rect(0, 0, c.w, c.h))
}

func (m mask) clip(to image.Rectangle) mask {
	box := m.box.Intersect(to)
	if box == m.box {
		return m
	}
	out := mask{box: box, pix: make([]float32, 0, box.Dx()*box.Dy())}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		from := (y-m.box.Min.Y)*m.box.Dx() + box.Min.X - m.box.Min.X
		out.pix = append(out.pix, m.pix[from:from+box.Dx()]...)
	}
	return out
}

// blur approximates a Gaussian of the given sigma in pixels by three box
// filters each way.
func (m mask) blur(sigma float64) {
	radius := int(math.Round((math.Sqrt(4*sigma*sigma+1) - 1) / 2))
	if radius < 1 {
		return
	}
	w, h := m.box.Dx(), m.box.Dy()
	line := make([]float32, max(w, h))
	for range 3 {
		for y := range h {
			boxFilter(m.pix[y*w:], 1, line[:w], radius)
		}
		for x := range w {
			boxFilter(m.pix[x:], w, line[:h], radius)
		}
	}
}

// boxFilter averages len(line) values that lie step apart, each with its
// neighbours up to radius away; the ends repeat outwards.
func boxFilter(pix []float32, step int, line []float32, radius int) {
	n := len(line)
	for i := range line {
		line[i] = pix[i*step]
	}
	get := func(i int) float32 { return line[min(max(i, 0), n-1)] }
	var sum float32
	for i := -radius; i <= radius; i++ {
		sum += get(i)
	}
	width := float32(2*radius + 1)
	for i := range n {
		pix[i*step] = sum / width
		sum += get(i+radius+1) - get(i-radius)
	}
}
