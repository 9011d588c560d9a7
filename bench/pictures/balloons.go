package main

import (
	"image"
	"math"
)

// drawBalloons is hot-air balloons over hills, 1000x1000 units.
func drawBalloons() (image.Image, error) {
	c := newCanvas(1400, 1400, 1.4)
	sky := ramp{{0, hex(0x2a86cc)}, {0.55, hex(0x9ad2ea)}, {1, hex(0xfdf0cf)}}
	c.shade(func(_, y float64, _ rgb) rgb { return sky.at(clamp01(y / 800)) })
	c.clouds(200, 700, 420, 0.5, hex(0xffffff), hex(0xd6e4ee))
	for i, tone := range []rgb{hex(0xa8c4c4), hex(0x86ac96), hex(0x6f9a5c), hex(0x557f38)} {
		y := 770 + 58*float64(i)
		c.fill(ridge(-10, 1010, 1010, hills(noise(210+i), y, 70, 420)), rough(solid(tone), noise(220+i), 40, 0.2))
	}
	c.fields()
	c.balloon(790, 190, 62, []rgb{hex(0x2f6fb0), hex(0xf4f0e4)})
	c.balloon(180, 330, 84, []rgb{hex(0x7a3f98), hex(0xf0b43c), hex(0xe06a4a)})
	c.balloon(900, 520, 40, []rgb{hex(0x2a9d8f), hex(0xf6e7b4)})
	c.balloon(520, 380, 196, []rgb{hex(0xe63b2e), hex(0xffc12e), hex(0xf7f3e6), hex(0x2a7fc4)})
	c.finish(37, 0.2, 0.024)
	return c.picture(), nil
}

// fields are furrows on the nearest hill.
func (c *canvas) fields() {
	c.shade(func(x, y float64, under rgb) rgb {
		near := smooth(900, 1000, y)
		if near == 0 {
			return under
		}
		row := math.Sin((x - 500) / (y - 820) * 90)
		return under.to(hex(0xc9b44c).lit(0.9+0.2*noise(230).fractal(x/8, y/5, 3)), 0.6*near*smooth(-0.2, 0.5, row))
	})
}

// balloon has an envelope of radius r around x, y, sewn of vertical gores.
func (c *canvas) balloon(x, y, r float64, colours []rgb) {
	envelope := blob(x, y-r, x+r*0.72, y-r*0.7, x+r, y, x+r*0.72, y+r*0.66, x+r*0.2, y+r*1.3,
		x-r*0.2, y+r*1.3, x-r*0.72, y+r*0.66, x-r, y, x-r*0.72, y-r*0.7)
	for _, dx := range []float64{-1, 1} {
		c.fill(stroke(point{x + dx*r*0.2, y + r*1.28}, point{x + dx*r*0.16, y + r*1.5}, point{x + dx*r*0.12, y + r*1.72}, r*0.025),
			solid(hex(0x5a4a3a)))
	}
	c.fill(tile(x-r*0.15, y+r*1.62, r*0.3, r*0.24, r*0.05), rough(down(y+r*1.62, hex(0xa8743c), y+r*1.86, hex(0x5c3a1c)), 240, r/14, 0.25))
	c.fill(envelope, func(px, py float64) (rgb, float64) { return gore(px-x, py-y, r, colours), 1 })
}

// gore is the colour of an envelope at an offset from its centre, lit from the
// upper left.
func gore(dx, dy, r float64, colours []rgb) rgb {
	half := r * math.Sqrt(max(0.04, 1-math.Pow(dy/r, 2)))
	if dy > 0 {
		half = r * (1 - 0.8*math.Pow(dy/(1.3*r), 1.7))
	}
	turn := math.Asin(min(max(dx/half, -1), 1)) / math.Pi * 12
	i := int(math.Floor(turn + 100))
	col := colours[i%len(colours)]
	if math.Abs(dy-r*0.12) < r*0.14 {
		col = colours[(i+2)%len(colours)].lit(0.92)
	}
	seam := math.Abs(turn + 100 - float64(i) - 0.5)
	light := 1.12 - 0.5*math.Hypot(dx+r*0.35, dy+r*0.4)/(1.5*r)
	return col.lit(light*(1-0.22*smooth(0.36, 0.5, seam))).plus(hex(0xffffff), 0.2*math.Exp(-math.Pow(math.Hypot(dx+r*0.4, dy+r*0.45)/(r*0.3), 2)))
}
