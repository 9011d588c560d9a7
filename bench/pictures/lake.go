package main

import (
	"image"
	"math"
	"math/rand/v2"
)

// drawLake is mountains mirrored in a lake, 1200x800 units.
func drawLake() (image.Image, error) {
	c := newCanvas(3000, 2000, 2.5)
	rng := rand.New(rand.NewPCG(11, 5))
	sky := ramp{{0, hex(0x2f78b8)}, {0.6, hex(0x8fc0de)}, {1, hex(0xe6eee6)}}
	c.shade(func(_, y float64, _ rgb) rgb { return sky.at(clamp01(y / 430)) })
	c.clouds(150, 360, 420, 0.42, hex(0xffffff), hex(0xc4d2de))
	c.mountain(160, 150, 190, 330, hex(0x9fb4c8))
	c.mountain(161, 235, 190, 250, hex(0x6a8094))
	meadow := hills(171, 425, 46, 330)
	c.fill(ridge(-10, 1210, 500, meadow), rough(down(380, hex(0x6f8f4e), 470, hex(0x45682f)), 172, 26, 0.22))
	c.shore(rng, meadow)
	c.reflect(water{horizon: 470, tint: hex(0x0f4a58), depth: 0.55, waves: 70, size: 150, seed: 180})
	c.jetty()
	c.finish(36, 0.25, 0.02)
	return c.picture(), nil
}

// mountain is one chain; its crests carry snow and are lit from the left.
func (c *canvas) mountain(n noise, top, height, size float64, stone rgb) {
	crest := func(x float64) float64 {
		v := n.ridged(x/size, 0.3, 8)
		return top + height*(1.25-1.35*v)
	}
	c.fill(ridge(-10, 1210, 500, crest), func(x, y float64) (rgb, float64) {
		below := y - crest(x)
		fold := (n + 20).ridged(x/70+below/210, y/150, 7)
		side := (n+20).ridged((x+5)/70+below/210, y/150, 7) - fold
		light := clamp01(0.55 + 9*side)
		rock := stone.lit(0.55 + 0.65*light)
		line := 70 + 60*(n+40).fractal(x/60, y/60, 4) + 130*(fold-0.6)
		snow := hex(0xa9c2dc).to(hex(0xfffdf6), light)
		c := rock.to(snow, 1-smooth(line-14, line+14, below))
		return c.to(hex(0xcfdde2), 0.5*smooth(250, 470, y)), 1
	})
}

func (c *canvas) shore(rng *rand.Rand, ground func(float64) float64) {
	for i := range 420 {
		x := rng.Float64()*1220 - 10
		edge := math.Abs(x-600) / 600
		if rng.Float64() > 0.15+edge*edge {
			continue
		}
		near := float64(i) / 420
		y := mix(ground(x)+8, 466, near)
		h := (20 + 36*near) * (0.7 + 0.6*rng.Float64()) * (0.7 + edge)
		tone := hex(0x4f7258).to(hex(0x1d4030), near).lit(0.8 + 0.4*rng.Float64())
		c.fir(rng, x, y-h, h, tone)
	}
	c.fillSoft(rect(-10, 464, 1220, 5), 1, veil(hex(0x5a5a3c), 0.9))
}

// jetty leads into the picture, with a red boat beside it.
func (c *canvas) jetty() {
	hull := blob(742, 640, 800, 652, 880, 652, 960, 634, 934, 684, 850, 696, 776, 688)
	c.fillSoft(ellipse(850, 700, 104, 13), 6, veil(hex(0x06222c), 0.65))
	c.fill(hull, rough(down(636, hex(0xd8412f), 692, hex(0x7c1f1a)), 190, 30, 0.1))
	c.fill(blob(752, 642, 800, 655, 880, 655, 950, 637, 880, 664, 800, 664), solid(hex(0x4e2a1c)))
	c.fill(polygon(800, 654, 812, 664, 806, 666, 792, 655), solid(hex(0xc99a66)))
	c.fill(polygon(884, 653, 896, 662, 890, 664, 878, 655), solid(hex(0xc99a66)))
	c.fillSoft(polygon(330, 810, 600, 810, 560, 600, 520, 600), 9, veil(hex(0x04202a), 0.5))
	for i := range 26 {
		t0, t1 := math.Pow(float64(i)/26, 1.7), math.Pow((float64(i)+0.93)/26, 1.7)
		y0, y1 := mix(588, 812, t0), mix(588, 812, t1)
		l0, l1, r0, r1 := mix(520, 326, t0), mix(520, 326, t1), mix(556, 590, t0), mix(556, 590, t1)
		plank := hex(0xa8835c).lit(0.85 + 0.3*noise(191).white(i, 3))
		c.fill(polygon(l0, y0, r0, y0, r1, y1, l1, y1), rough(solid(plank), 192, 14, 0.16))
	}
	for _, t := range []float64{0.0, 0.12, 0.36, 0.72} {
		for _, x := range []float64{mix(520, 326, t), mix(556, 590, t)} {
			y, s := mix(588, 812, t), 1+2.2*t
			c.fill(rect(x-4*s, y-20*s, 8*s, 34*s), rough(solid(hex(0x6e5238)), 193, 9, 0.25))
			c.fill(ellipse(x, y-20*s, 4*s, 1.6*s), solid(hex(0xb89a72)))
		}
	}
}
