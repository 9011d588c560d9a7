package main

import (
	"image"
	"math"
	"math/rand/v2"
)

// drawForest is firs in morning mist, 1000x750 units.
func drawForest() (image.Image, error) {
	c := newCanvas(2000, 1500, 2)
	rng := rand.New(rand.NewPCG(9, 3))
	sky := ramp{{0, hex(0x7fb2c6)}, {0.45, hex(0xdcd9b4)}, {1, hex(0xf0d9a0)}}
	c.shade(func(x, y float64, _ rgb) rgb {
		d := math.Hypot(x-690, y-150)
		return sky.at(y/600).plus(hex(0xffdc96), 0.5*math.Exp(-d/60)+0.25*math.Exp(-d/240))
	})
	const layers = 6
	for i := range layers {
		c.firs(rng, i, layers)
		c.mist(i, layers)
	}
	c.rays(690, 150)
	c.undergrowth(rng)
	c.finish(34, 0.35, 0.026)
	return c.picture(), nil
}

// firs plants one row; the nearer, the larger, darker and fewer.
func (c *canvas) firs(rng *rand.Rand, i, layers int) {
	near := float64(i) / float64(layers-1)
	tone := hex(0xb9c4a4).to(hex(0x16301f), math.Pow(near, 0.7))
	ground := 330 + 70*float64(i)
	skyline := hills(noise(70+i), ground, 40, 260)
	c.fill(ridge(-10, 1010, 760, skyline), rough(solid(tone), noise(80+i), 30, 0.1))
	height := 80 + 380*near
	for x := -20.0; x < 1020; x += height * (0.1 + 0.26*rng.Float64()) {
		if i == layers-1 && x > 330 && x < 760 {
			continue // a clearing
		}
		h := height * (0.7 + 0.5*rng.Float64())
		shade := tone.lit(0.9 + 0.25*rng.Float64())
		c.fir(rng, x, skyline(x)-h*0.9, h, shade)
	}
}

// mist lies between the rows.
func (c *canvas) mist(i, layers int) {
	near := float64(i) / float64(layers-1)
	base := 400 + 72*float64(i)
	c.shade(func(x, y float64, under rgb) rgb {
		band := math.Exp(-math.Pow((y-base)/(45+20*near), 2))
		drift := 0.55 + 0.6*noise(110+i).fractal(x/240, y/90, 5)
		return under.to(hex(0xf2ead0), clamp01(band*drift)*(0.85-0.55*near))
	})
}

// rays fall from the sun through the trees.
func (c *canvas) rays(x0, y0 float64) {
	c.shade(func(x, y float64, under rgb) rgb {
		d := math.Hypot(x-x0, y-y0)
		// Noise on a circle, so that it meets itself.
		beam := smooth(-0.1, 0.75, noise(120).fractal((x-x0)/d*4, (y-y0)/d*4, 3))
		low := smooth(-60, 200, y-y0)
		return under.plus(hex(0xffdc8c), 0.42*beam*low*smooth(20, 160, d)*math.Exp(-d/420))
	})
}

// undergrowth is grass and flowers in the clearing.
func (c *canvas) undergrowth(rng *rand.Rand) {
	for i := range 9000 {
		y := 668 + 90*math.Pow(float64(i)/9000, 1.2)
		x := rng.Float64() * 1000
		l := (y - 640) * (0.25 + 0.3*rng.Float64())
		lean := (rng.Float64() - 0.5) * l
		sun := math.Exp(-math.Pow((x-560)/230, 2))
		tone := hex(0x1f3a1e).to(hex(0x9db04e), sun*rng.Float64()).lit(0.6 + 0.5*rng.Float64())
		c.fill(stroke(point{x, y}, point{x + lean*0.3, y - l*0.6}, point{x + lean, y - l}, 1.8), solid(tone))
	}
	for range 130 {
		x, y := rng.Float64()*1000, 662+rng.Float64()*80
		r := 1.2 + (y-655)/34
		petal := []rgb{hex(0xf6efe2), hex(0xf0b8d0), hex(0xf2c94c)}[rng.IntN(3)]
		c.fillSoft(ellipse(x, y, r, r*0.8), 0.5, solid(petal.lit(0.75+0.3*rng.Float64())))
	}
}
