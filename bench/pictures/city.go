package main

import (
	"image"
	"math"
	"math/rand/v2"
)

// drawCity is a waterfront at dusk, 1200x675 units.
func drawCity() (image.Image, error) {
	c := newCanvas(2400, 1350, 2)
	rng := rand.New(rand.NewPCG(10, 4))
	dusk := ramp{{0, hex(0x101a3c)}, {0.45, hex(0x3b3470)}, {0.75, hex(0xb0587c)}, {1, hex(0xffb078)}}
	c.shade(func(x, y float64, _ rgb) rgb { return dusk.at(clamp01(y / 470)) })
	c.clouds(130, 400, 380, 0.35, hex(0xe08a90), hex(0x2c2a58))
	c.stars(rng)
	c.fillSoft(ellipse(900, 110, 60, 60), 18, veil(hex(0xfff2cc), 0.25))
	c.fillSoft(ellipse(900, 110, 30, 30), 0.8, round(892, 104, 44, hex(0xfffbe8), hex(0xdcd2b8)))
	for i, tone := range []rgb{hex(0x8a5a80), hex(0x55407a), hex(0x2c2852), hex(0x171732)} {
		c.block(rng, i, tone)
	}
	if err := c.sign("HOTEL", 262, 352); err != nil {
		return nil, err
	}
	c.fill(rect(-10, 462, 1220, 10), solid(hex(0x0d0d20)))
	c.lamps()
	c.reflect(water{horizon: 472, tint: hex(0x0c1230), depth: 0.6, waves: 60, size: 90, seed: 140})
	c.finish(35, 0.3, 0.028)
	return c.picture(), nil
}

func (c *canvas) stars(rng *rand.Rand) {
	for range 160 {
		x, y := rng.Float64()*1200, math.Pow(rng.Float64(), 1.6)*260
		c.fillSoft(ellipse(x, y, 0.9, 0.9), 0.4, veil(hex(0xffffff), 0.2+0.7*rng.Float64()))
	}
}

// block is one row of buildings; row 0 is the farthest.
func (c *canvas) block(rng *rand.Rand, row int, tone rgb) {
	near := float64(row) / 3
	for x := -20.0; x < 1210; {
		w := 34 + 30*near + rng.Float64()*40
		middle := math.Exp(-math.Pow((x-640)/330, 2))
		h := (90 + 200*middle) * (1.15 - 0.55*near) * (0.6 + 0.8*rng.Float64())
		c.tower(rng, x, 470-h, w, tone.lit(0.9+0.25*rng.Float64()), near)
		x += w + rng.Float64()*14
	}
	c.shade(func(x, y float64, under rgb) rgb {
		return under.to(hex(0xd07a86), (0.28-0.26*near)*smooth(330, 470, y)*(1-smooth(470, 472, y)))
	})
}

// tower is a building with its roof at y.
func (c *canvas) tower(rng *rand.Rand, x, y, w float64, tone rgb, near float64) {
	c.fill(rect(x, y, w, 480-y), down(y, tone, 470, tone.lit(1.35)))
	c.fill(rect(x+w*0.7, y, w*0.3, 480-y), veil(hex(0x080818), 0.25))
	switch rng.IntN(4) {
	case 0:
		c.fill(polygon(x+w/2-1.2, y, x+w/2, y-46, x+w/2+1.2, y), solid(tone))
		c.fillSoft(ellipse(x+w/2, y-45, 2.2, 2.2), 1, solid(hex(0xff5040)))
	case 1:
		c.fill(rect(x+w*0.25, y-14, w*0.5, 15), solid(tone))
	case 2:
		c.fill(polygon(x, y, x+w, y-w*0.4, x+w, y+1), solid(tone))
	}
	step, lit := 9.0+3*near, 0.18+0.3*near
	for wy := y + 8; wy < 452; wy += step * 1.25 {
		for wx := x + 5; wx < x+w-8; wx += step {
			if rng.Float64() > lit {
				continue
			}
			glow := hex(0xffd47a).to(hex(0xbfe0ff), math.Pow(rng.Float64(), 3)).lit(0.7 + 0.4*rng.Float64())
			c.fill(rect(wx, wy, step*0.55, step*0.7), veil(glow, 0.55+0.45*near))
		}
	}
}

// sign is neon writing from x on the base line y.
func (c *canvas) sign(s string, x, y float64) error {
	letters, width, err := text(s, x, y, 38)
	if err != nil {
		return err
	}
	c.fill(rect(x-16, y-42, width+32, 130), solid(hex(0x141430)))
	c.fill(tile(x-12, y-38, width+24, 52, 6), solid(hex(0x0a0a1c)))
	for _, soft := range []float64{14, 6} {
		c.fillSoft(letters, soft, veil(hex(0xff3d7c), 0.8))
	}
	c.fillSoft(letters, 1.6, solid(hex(0xff5c90)))
	c.fill(letters, veil(hex(0xffe4ee), 0.9))
	return nil
}

// lamps light the quay.
func (c *canvas) lamps() {
	for x := 30.0; x < 1200; x += 76 {
		c.fill(rect(x-0.8, 434, 1.6, 30), solid(hex(0x0d0d20)))
		c.fillSoft(ellipse(x, 433, 20, 20), 7, veil(hex(0xffb860), 0.5))
		c.fillSoft(ellipse(x, 433, 3.4, 3.4), 0.6, solid(hex(0xfff4d8)))
	}
}
