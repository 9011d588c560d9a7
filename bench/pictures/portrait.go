package main

import (
	"image"
	"math"
	"math/rand/v2"
)

// drawPortrait is a woman in an autumn park, 600x800 units.
func drawPortrait() (image.Image, error) {
	c := newCanvas(1200, 1600, 2)
	rng := rand.New(rand.NewPCG(12, 6))
	c.park(rng)
	c.backHair(rng)
	c.sweater()
	c.neck()
	c.face()
	for _, right := range []bool{false, true} {
		c.eye(right)
	}
	c.mouth()
	c.frontHair(rng)
	c.hat(rng)
	c.scarf(rng)
	c.finish(38, 0.3, 0.022)
	return c.picture(), nil
}

func (c *canvas) park(rng *rand.Rand) {
	leaves := ramp{{0, hex(0x8f7a3c)}, {0.4, hex(0xc98a3a)}, {0.7, hex(0x8a5a34)}, {1, hex(0x4a4a34)}}
	c.shade(func(x, y float64, _ rgb) rgb {
		return leaves.at(y/800 + 0.35*noise(250).fractal(x/190, y/190, 3))
	})
	for range 110 {
		x, y, r := rng.Float64()*600, rng.Float64()*640, 12+rng.Float64()*34
		tint := hex(0xffe08a).to(hex(0xff9a4a), rng.Float64())
		c.fillSoft(ellipse(x, y, r, r), 2.5, veil(tint, 0.06+0.2*rng.Float64()))
	}
	c.fillSoft(ellipse(480, 120, 150, 150), 60, veil(hex(0xfff0c4), 0.6))
}

func hairTones() ramp { return ramp{{0, hex(0x8a4f2e)}, {0.5, hex(0x52291a)}, {1, hex(0x24110c)}} }

func (c *canvas) backHair(rng *rand.Rand) {
	hair := blob(300, 138, 226, 156, 182, 226, 172, 330, 160, 430, 138, 520, 150, 600, 220, 620,
		380, 620, 450, 600, 462, 520, 440, 430, 428, 330, 418, 226, 374, 156)
	c.fillSoft(hair, 2, solid(hex(0x2e160f)))
	c.grow(hair, rng, coat{
		hairs: 9000, length: 52, width: 2.2,
		flow: func(x, y float64) (float64, float64) {
			return (x-300)/420*(1.2-y/500) + 0.28*math.Sin(y/34+x/60), 1
		},
		colour: func(x, y float64) rgb {
			return hairTones().at(clamp01(0.75 - (x-300)/420 + 0.4*noise(252).at(x/14, y/90)))
		},
		order: func(_, y float64) float64 { return -y },
	})
}

func (c *canvas) sweater() {
	shape := blob(300, 560, 200, 580, 110, 620, 62, 700, 40, 830, 300, 850, 560, 830, 538, 700, 490, 620, 400, 580)
	c.fillSoft(shape, 1, func(x, y float64) (rgb, float64) {
		stitch := math.Abs(math.Sin(x/5.5+0.2*math.Sin(y/40))) * (0.75 + 0.25*math.Sin(y/3+math.Cos(x/5.5)*1.6))
		wool := hex(0x2d5a66).lit(0.72 + 0.42*stitch)
		return wool.lit(1.16 - 0.35*math.Abs(x-330)/260).lit(1 + 0.1*noise(254).fractal(x/50, y/50, 4)), 1
	})
}

// skin is lit from the upper right, with a little colour noise.
func skin(x, y float64) (rgb, float64) {
	light := smooth(1.35, 0.1, math.Hypot((x-330)/120, (y-315)/180))
	tone := hex(0xb8714f).to(hex(0xf6cfae), light)
	return tone.lit(1 + 0.025*noise(256).fractal(x/7, y/7, 4)), 1
}

func (c *canvas) neck() {
	c.fillSoft(blob(254, 420, 250, 500, 226, 570, 300, 612, 374, 570, 350, 500, 346, 420), 1.5, down(430, hex(0xa8623f), 600, hex(0xd9a07c)))
}

func (c *canvas) face() {
	shape := blob(300, 190, 240, 206, 205, 262, 203, 336, 215, 392, 250, 440, 300, 460,
		350, 440, 385, 392, 397, 336, 395, 262, 360, 206)
	c.fillSoft(ellipse(300, 462, 66, 22), 12, veil(hex(0x6a3420), 0.6))
	c.fillSoft(shape, 1, skin)
	for _, x := range []float64{240, 360} {
		c.fillSoft(ellipse(x, 384, 26, 17), 13, veil(hex(0xe8745e), 0.5))
	}
	shadow := veil(hex(0x9a5638), 0.42)
	c.fillSoft(blob(290, 300, 283, 350, 276, 376, 288, 384, 292, 350), 5, shadow)
	c.fillSoft(ellipse(300, 388, 24, 4), 3.5, shadow)
	for _, x := range []float64{289, 311} {
		c.fillSoft(ellipse(x, 385, 5, 2.6), 1.3, veil(hex(0x7a3a28), 0.8))
	}
	c.fillSoft(blob(303, 296, 307, 350, 312, 372, 302, 377, 298, 350), 4, veil(hex(0xffe9d2), 0.6))
	c.fillSoft(ellipse(300, 440, 26, 5), 5, shadow)
}

func (c *canvas) eye(right bool) {
	x := 253.0
	at := func(p path) path { return p }
	if right {
		x = 347
		at = func(p path) path { return p.mirror(300) }
	}
	c.fillSoft(ellipse(x, 312, 32, 17), 7, veil(hex(0x9a5638), 0.4))
	c.fillSoft(at(blob(226, 318, 239, 308, 255, 305, 271, 310, 280, 321, 268, 325, 252, 326, 237, 324)), 0.7, solid(hex(0xf4ece4)))
	c.fillSoft(ellipse(x, 315.5, 11.5, 10.5), 0.7, func(px, py float64) (rgb, float64) {
		d := math.Hypot(px-x, py-315.5) / 11.5
		rays := 0.1 * noise(258).at(math.Atan2(py-316, px-x)*6, d*3)
		return ramp{{0, hex(0x9a6a34)}, {0.7, hex(0x5e3a1c)}, {1, hex(0x24140a)}}.at(clamp01(d + rays)), 1
	})
	c.fillSoft(ellipse(x, 315.5, 5.2, 5.2), 0.6, solid(hex(0x080504)))
	c.fillSoft(ellipse(x+4, 311.5, 2.8, 2.8), 0.5, solid(hex(0xffffff)))
	ink := veil(hex(0x24120c), 0.95)
	c.fillSoft(at(blob(220, 317, 236, 305, 255, 301, 273, 308, 283, 322, 271, 313, 255, 308, 238, 311)), 0.7, ink)
	for i := range 7 {
		t := float64(i) / 6
		root := point{mix(222, 258, t), mix(316, 303, math.Sqrt(t))}
		tip := point{root.x - 9*(1-t), root.y - 6 - 3*t}
		c.fillSoft(at(stroke(root, point{mix(root.x, tip.x, 0.7), root.y - 3}, tip, 2.6)), 0.3, ink)
	}
	c.fillSoft(at(blob(214, 289, 232, 276, 256, 272, 284, 282, 258, 279, 234, 284)), 1.3, veil(hex(0x3c1e12), 0.9))
}

// mouth is a smile.
func (c *canvas) mouth() {
	c.fillSoft(blob(256, 404, 274, 406, 292, 405, 300, 408, 308, 405, 326, 406, 344, 404, 326, 422, 300, 429, 274, 422), 0.9, solid(hex(0xb6423e)))
	c.fillSoft(blob(264, 407, 300, 414, 336, 407, 322, 417, 300, 421, 278, 417), 0.7, solid(hex(0xfbf5ee)))
	c.fillSoft(blob(268, 415, 284, 419, 300, 421, 316, 419, 332, 415, 319, 429, 300, 434, 281, 429), 0.9, down(416, hex(0xc9564e), 434, hex(0xe07a6c)))
	c.fillSoft(ellipse(306, 427, 13, 2.2), 2, veil(hex(0xffe0d6), 0.7))
	for _, x := range []float64{253, 347} {
		c.fillSoft(ellipse(x, 403, 3.5, 3.5), 1.8, veil(hex(0x8a3a2c), 0.7))
		c.fillSoft(stroke(point{x, 394}, point{x + (x-300)*0.12, 404}, point{x + (x-300)*0.06, 414}, 3), 2, veil(hex(0x9a5638), 0.5))
	}
}

// frontHair falls from under the hat past the temples.
func (c *canvas) frontHair(rng *rand.Rand) {
	for i := range 1100 {
		t := rng.Float64()
		root := point{188 + 24*t, 250 + 12*rng.Float64()}
		tip := point{142 + 66*t + 26*rng.Float64(), 430 + 190*rng.Float64()*(1-0.35*t)}
		ctrl := point{root.x - 14 + 8*t, mix(root.y, tip.y, 0.55)}
		if i%2 == 0 {
			root.x, ctrl.x, tip.x = 600-root.x, 600-ctrl.x, 600-tip.x
		}
		shade := hairTones().at(clamp01(0.62 - (tip.x-300)/420 + 0.55*(rng.Float64()-0.5)))
		c.fill(stroke(root, ctrl, tip, 4.5), veil(shade, 0.9))
	}
}

// hat is knitted, with a turned-up brim and a bobble.
func (c *canvas) hat(rng *rand.Rand) {
	knit := func(wool rgb, size float64) paint {
		return func(x, y float64) (rgb, float64) {
			bow := (x - 300) / (1 + (270-y)*0.0006)
			stitch := math.Abs(math.Sin(bow/size + 0.3*math.Sin(y/4)))
			light := 1.1 - 0.45*math.Hypot(x-345, y-170)/160
			return wool.lit((0.7 + 0.4*stitch) * light), 1
		}
	}
	c.fillSoft(ellipse(300, 276, 104, 16), 9, veil(hex(0x4a2010), 0.6))
	c.fillSoft(blob(190, 256, 198, 180, 238, 116, 300, 96, 362, 116, 402, 180, 410, 256, 300, 262), 1, knit(hex(0xe0a030), 5))
	c.fillSoft(blob(184, 226, 240, 206, 300, 201, 360, 206, 416, 226, 419, 268, 362, 256, 300, 252, 238, 256, 181, 268), 1, knit(hex(0xf0b848), 3.4))
	c.fillSoft(ellipse(300, 106, 44, 16), 7, veil(hex(0x5a3408), 0.5))
	c.grow(ellipse(300, 78, 34, 32), rng, coat{
		hairs: 3600, length: 17, width: 2,
		flow:   func(x, y float64) (float64, float64) { return x - 300, y - 78 },
		colour: func(x, y float64) rgb { return hex(0xf8ecd4).lit(1.02 - math.Hypot(x-312, y-62)/130) },
		order:  func(x, y float64) float64 { return -math.Hypot(x-300, y-78) },
	})
}

func (c *canvas) scarf(rng *rand.Rand) {
	wrap := blob(186, 560, 220, 528, 262, 548, 300, 556, 340, 548, 382, 528, 416, 560, 404, 616, 350, 650, 300, 656, 246, 650, 196, 616)
	end := blob(330, 620, 392, 612, 410, 700, 416, 810, 340, 815, 338, 720)
	red := func(x, y float64) rgb {
		fold := 0.5 + 0.5*math.Sin((y-560-0.0016*(x-300)*(x-300))/11+noise(260).at(x/70, y/70)*2)
		return hex(0x9c1f24).to(hex(0xe2463c), fold)
	}
	hang := func(x, y float64) rgb {
		base := hex(0x9c1f24).to(hex(0xdc4038), 0.5+0.5*math.Sin(x/9))
		return base.to(hex(0xf2d9b8), 0.85*smooth(0.55, 0.75, math.Sin(y/14)))
	}
	for _, part := range []struct {
		p      path
		colour func(x, y float64) rgb
		dx, dy float64
	}{{end, hang, 0.05, 1}, {wrap, red, 1, 0.1}} {
		c.fillSoft(part.p, 9, veil(hex(0x1a0a0a), 0.55))
		c.fillSoft(part.p, 1, func(x, y float64) (rgb, float64) { return part.colour(x, y), 1 })
		c.grow(part.p, rng, coat{
			hairs: 5000, length: 9, width: 1.4, colour: part.colour,
			flow:  func(_, _ float64) (float64, float64) { return part.dx, part.dy },
			order: func(_, y float64) float64 { return y },
		})
	}
}
