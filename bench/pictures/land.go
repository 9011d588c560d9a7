package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// ridge is land from a wavering skyline down to the foot: y gives the skyline,
// from and to are its ends along x.
func ridge(from, to, foot float64, y func(x float64) float64) path {
	xy := []float64{from, foot}
	for x := from; x <= to; x += 1.5 {
		xy = append(xy, x, y(x))
	}
	return polygon(append(xy, to, foot)...)
}

// hills is a skyline of fractal noise.
func hills(n noise, y0, height, size float64) func(x float64) float64 {
	return func(x float64) float64 { return y0 - height*(0.5+0.6*n.fractal(x/size, 0.5, 7)) }
}

// water describes a surface from the horizon down.
type water struct {
	horizon float64
	tint    rgb     // colour of the deep
	depth   float64 // how much of the tint shows below one's feet, 0..1
	waves   float64 // height of the ripples
	size    float64 // length of the ripples in the foreground
	seed    noise
}

// reflect fills everything below the horizon with the mirrored upper part,
// broken up by ripples that grow towards the viewer.
func (c *canvas) reflect(w water) {
	above := slices.Clone(c.pix)
	bottom := float64(c.h) / c.scale
	c.shade(func(x, y float64, under rgb) rgb {
		if y < w.horizon {
			return under
		}
		near := (y - w.horizon) / (bottom - w.horizon)
		far := math.Log(near*40 + 1)
		ripple := w.seed.fractal(x/(w.size*(0.15+near)), far*14, 4)
		sx := x + ripple*w.waves*near*0.6
		sy := 2*w.horizon - y*0.999 - math.Abs(ripple)*w.waves*(0.15+near)
		px := min(max(int(sx*c.scale), 0), c.w-1)
		py := min(max(int(sy*c.scale), 0), int(w.horizon*c.scale)-1)
		seen := above[py*c.w+px]
		return seen.to(w.tint, w.depth*(0.12+0.88*near)).lit(0.94 + 0.16*ripple)
	})
}

// clouds lays fractal clouds over the sky down to the height y1, lit from
// below or above by the colours given.
func (c *canvas) clouds(n noise, y1, size, cover float64, light, dark rgb) {
	c.shade(func(x, y float64, under rgb) rgb {
		if y > y1 {
			return under
		}
		v := n.fractal(x/size+0.6*n.at(y/size, x/size), y/size*2.6, 7)
		thick := smooth(0.75-cover, 1.25-cover, v+0.45)
		deep := n.fractal(x/size, (y+size*0.08)/size*2.6, 5)
		return under.to(light.to(dark, smooth(-0.3, 0.8, deep)), thick*0.85*smooth(y1, y1*0.7, y))
	})
}

// fir is a conifer with its tip at x, y: boughs that droop from the trunk, each
// a stroke, drawn from the ground up so that the upper ones lie on top.
func (c *canvas) fir(rng *rand.Rand, x, y, height float64, tone rgb) {
	c.fill(stroke(point{x, y + height*1.05}, point{x, y + height*0.5}, point{x, y}, height*0.035), solid(tone.lit(0.8)))
	boughs := 50 + int(height*0.45)
	for i := boughs; i > 0; i-- {
		t := (float64(i) + rng.Float64()) / float64(boughs+1)
		reach := height * (0.012 + 0.19*math.Pow(t, 0.9)) * (0.55 + 0.6*rng.Float64())
		side := float64(1 - 2*(i%2))
		if rng.Float64() < 0.25 {
			reach *= 0.5
		}
		from := point{x, y + height*0.96*t}
		droop := reach * (0.25 + 0.35*rng.Float64())
		mid := point{x + side*reach*0.55, from.y + droop*0.25}
		tip := point{x + side*reach, from.y + droop}
		shade := tone.lit(0.85 + 0.35*rng.Float64())
		c.fill(stroke(from, mid, tip, height*0.035*(0.6+0.5*t)), solid(shade))
	}
}
