package main

import (
	"image"
	"math"
	"math/rand/v2"
)

// drawCoast is a lighthouse at sunset, 1200x800 units.
func drawCoast() (image.Image, error) {
	c := newCanvas(2400, 1600, 2)
	sun := point{430, 452}
	c.sunset(sun)
	c.clouds(21, 400, 330, 0.5, hex(0xffc894), hex(0x8a5a80))
	c.fillSoft(ellipse(sun.x, sun.y, 34, 34), 1.5, solid(rgb{1.1, 1.08, 0.98}))
	haze := []rgb{hex(0xb9788a), hex(0x8a5a78), hex(0x5c4062)}
	c.fill(ridge(640, 1210, 500, func(x float64) float64 { return headland(x, 660, 70, 41) }), veil(haze[0], 0.8))
	c.fill(ridge(760, 1210, 500, func(x float64) float64 { return headland(x, 780, 110, 42) }), veil(haze[1], 0.9))
	c.reflect(water{horizon: 492, tint: hex(0x2c4a66), depth: 0.62, waves: 110, size: 170, seed: 23})
	c.glitter(sun, 492)
	c.cliff()
	c.lighthouse(986, 372)
	c.surf()
	c.gulls()
	c.finish(33, 0.3, 0.03)
	return c.picture(), nil
}

func (c *canvas) sunset(sun point) {
	sky := ramp{
		{0, hex(0x24406e)},
		{0.35, hex(0x7a6a9a)},
		{0.62, hex(0xe38f7c)},
		{0.85, hex(0xffbd73)},
		{1, hex(0xffdf9c)},
	}
	c.shade(func(x, y float64, _ rgb) rgb {
		d := math.Hypot(x-sun.x, (y-sun.y)*1.3)
		return sky.at(clamp01(y/492)).plus(hex(0xffb060), 0.34*math.Exp(-d/90)+0.12*math.Exp(-d/380))
	})
}

// headland rises from the sea at x0 to the given height.
func headland(x, x0, height float64, n noise) float64 {
	up := smooth(x0-20, x0+260, x)
	return 500 - height*up*(0.9+0.25*n.fractal(x/120, 0, 6))
}

// glitter is the sun's road on the waves.
func (c *canvas) glitter(sun point, horizon float64) {
	c.shade(func(x, y float64, under rgb) rgb {
		if y < horizon {
			return under
		}
		near := (y - horizon) / 308
		width := 22 + near*120
		spark := noise(27).fractal(x/(7+near*60), math.Log(near*40+1)*22, 3)
		road := math.Exp(-math.Pow((x-sun.x)/width, 2)) * (1 - 0.6*near)
		return under.plus(hex(0xffd28a), road*(0.25+1.1*smooth(0.15, 0.7, spark)))
	})
}

// cliff is the near rock on which the lighthouse stands.
func (c *canvas) cliff() {
	top := func(x float64) float64 {
		up := math.Pow(smooth(640, 925, x), 0.8)
		return 815 - 345*up + 34*noise(44).fractal(x/60, 0, 6)*(1.2-up) - 12*smooth(900, 1200, x)
	}
	rock := func(x, y float64) (rgb, float64) {
		v := noise(46).ridged(x/50+y/160, y/110-x/300, 7)
		strata := noise(49).fractal(x/200, (y+x*0.25)/11, 4)
		light := clamp01((1220 - x) / 480)
		stone := hex(0x2b2231).to(hex(0xd08a68), clamp01(v*1.5-0.62+0.18*strata)*light)
		grass := smooth(26, 4, y-top(x)+18*noise(47).fractal(x/20, y/20, 3)) * smooth(800, 900, x)
		return stone.to(hex(0x5a5a34).lit(0.8+0.5*noise(48).fractal(x/6, y/9, 3)), grass), 1
	}
	c.fill(ridge(610, 1210, 830, top), rock)
	for i, x := range []float64{612, 560, 690} {
		foot := 690 + float64(i)*22
		c.fill(ridge(x-62, x+62, foot, func(q float64) float64 {
			return foot - 42*max(0, 1-math.Pow((q-x)/56, 2))*(1+0.7*noise(50+i).fractal(q/22, 0, 5))
		}), rock)
		for range 3 {
			c.fillSoft(ellipse(x, foot+1, 66, 3.5), 2.5, veil(hex(0xf2d8cc), 0.5))
		}
	}
}

// lighthouse stands with its foot at x and its gallery at y.
func (c *canvas) lighthouse(x, y float64) {
	foot := 470.0
	top := y - 130
	tower := polygon(x-14, top, x+14, top, x+23, foot, x-23, foot)
	c.fill(tower, func(px, py float64) (rgb, float64) {
		band := int((py - top) / ((foot - top) / 5))
		paint := hex(0xf6ece0)
		if band%2 == 1 {
			paint = hex(0xc23a30)
		}
		return paint.lit(1.05 - 0.5*smooth(x-16, x+20, px)), 1
	})
	dark := solid(hex(0x2a2430))
	c.fill(rect(x-20, top-5, 40, 6), dark)
	c.fillSoft(ellipse(x, top-18, 90, 50), 26, veil(hex(0xffe9a8), 0.5))
	c.fill(rect(x-10, top-30, 20, 25), solid(hex(0xfff3c4)))
	for _, bar := range []float64{-10, -1, 8} {
		c.fill(rect(x+bar, top-30, 2, 25), dark)
	}
	c.fill(blob(x-14, top-30, x, top-47, x+14, top-30, x, top-29), solid(hex(0xa12d28)))
	c.fill(rect(x-1, top-60, 2, 14), dark)
	c.fill(rect(x-4, 404, 8, 14), solid(hex(0xffdf9a)))
	c.fill(polygon(x+30, 446, x+52, 424, x+92, 424, x+112, 446), solid(hex(0x7a3030)))
	c.fill(rect(x+34, 446, 74, 32), down(446, hex(0xd9c4b4), 480, hex(0x9a8078)))
	for _, w := range []float64{44, 66, 88} {
		c.fill(rect(x+w, 454, 9, 11), solid(hex(0xffd070)))
	}
}

// surf is foam on the beach in front.
func (c *canvas) surf() {
	c.shade(func(x, y float64, under rgb) rgb {
		line := 760 - 26*noise(61).fractal(x/300, 0, 3) + x*0.02
		sand := hex(0x9a7468).lit(0.9 + 0.15*noise(62).fractal(x/9, y/4, 4))
		wet := under.to(sand, 0.85*smooth(line-4, line+18, y))
		foam := noise(63).ridged(x/60, (y-line)/14, 5)
		edge := math.Exp(-math.Pow((y-line)/9, 2)) + 0.6*math.Exp(-math.Pow((y-line+34)/7, 2))
		return wet.to(hex(0xffeede), clamp01(edge*smooth(0.3, 0.75, foam))*0.85)
	})
}

func (c *canvas) gulls() {
	rng := rand.New(rand.NewPCG(8, 2))
	for range 9 {
		x, y, s := 180+rng.Float64()*480, 130+rng.Float64()*170, 7+rng.Float64()*9
		tilt := (rng.Float64() - 0.5) * s
		ink := veil(hex(0x3a2c40), 0.9)
		c.fillSoft(stroke(point{x, y}, point{x - s*0.6, y - s*0.7}, point{x - s*1.6, y + tilt*0.4}, s*0.28), 0.4, ink)
		c.fillSoft(stroke(point{x, y}, point{x + s*0.6, y - s*0.7}, point{x + s*1.6, y - tilt*0.4}, s*0.28), 0.4, ink)
	}
}
