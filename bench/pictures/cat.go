package main

import (
	"image"
	"math"
	"math/rand/v2"
)

// The colours of the cat.
func ginger() ramp { return ramp{{0, hex(0xf3b263)}, {0.55, hex(0xd98638)}, {1, hex(0x8a4a1c)}} }
func cream() rgb   { return hex(0xfbf1e2) }
func tabby() rgb   { return hex(0x8f4a1a) }

// drawCat is a cat at a window, 800x1000 units. Its face is above the centre,
// so that a wide crop around the centre cuts its ears off and one around a
// focal point does not.
func drawCat() (image.Image, error) {
	c := newCanvas(1600, 2000, 2)
	rng := rand.New(rand.NewPCG(7, 1))
	c.catWindow(rng)
	c.catBody(rng)
	c.catHead(rng)
	c.catFace()
	c.finish(31, 0.35, 0.022)
	return c.picture(), nil
}

// catWindow is a garden in the evening, out of focus, behind a window sill.
func (c *canvas) catWindow(rng *rand.Rand) {
	garden := ramp{{0, hex(0x3d6f78)}, {0.4, hex(0x6d9a84)}, {0.7, hex(0xd9b877)}, {1, hex(0x9a7a4a)}}
	c.shade(func(x, y float64, _ rgb) rgb {
		return garden.at(y/860 + 0.25*noise(3).fractal(x/260, y/260, 3))
	})
	for range 70 {
		x, y, r := rng.Float64()*800, rng.Float64()*760, 18+rng.Float64()*42
		tint := hex(0xffe3a8).to(hex(0xa6e3c8), rng.Float64())
		c.fillSoft(ellipse(x, y, r, r), 3, veil(tint, 0.06+0.16*rng.Float64()))
	}
	c.fillSoft(ellipse(150, 130, 190, 190), 70, veil(hex(0xffedc0), 0.75))
	frame := down(0, hex(0xe9e0d2), 860, hex(0xbfae98))
	c.fillSoft(rect(668, -20, 34, 900), 2, rough(frame, 4, 60, 0.05))
	c.fillSoft(rect(694, -20, 9, 900), 3, veil(hex(0x55483a), 0.5))
	c.fillSoft(rect(-20, 862, 840, 160), 1.5, c.wood())
	c.fillSoft(rect(-20, 862, 840, 7), 2, veil(hex(0xffe9c8), 0.7))
	c.fillSoft(ellipse(420, 925, 300, 26), 14, veil(hex(0x2a170a), 0.75))
}

// wood has its grain along x.
func (c *canvas) wood() paint {
	return func(x, y float64) (rgb, float64) {
		rings := noise(9).fractal(x/420, y/16, 5)
		return hex(0xb27a4c).to(hex(0x7c4b2a), clamp01(0.5+rings)).lit(1.12 - (y-862)/420), 1
	}
}

func (c *canvas) catBody(rng *rand.Rand) {
	body := blob(400, 400, 300, 440, 236, 560, 205, 720, 196, 850, 240, 918, 330, 934,
		470, 934, 560, 918, 604, 850, 595, 720, 564, 560, 500, 440)
	c.fillSoft(body, 3, solid(hex(0x9a5a26)))
	c.grow(body, rng, coat{
		hairs: 30000, length: 34, width: 2.6,
		flow:   func(x, y float64) (float64, float64) { return (x - 400) / 420, 1 },
		colour: bodyColour,
		order:  func(_, y float64) float64 { return -y },
	})
	for _, x := range []float64{345, 455} {
		c.catPaw(rng, x)
	}
	c.catTail(rng)
}

func (c *canvas) catPaw(rng *rand.Rand, x float64) {
	c.fillSoft(ellipse(x, 925, 56, 26), 3, veil(hex(0x5a3010), 0.5))
	c.grow(ellipse(x, 918, 50, 24), rng, coat{
		hairs: 2600, length: 16, width: 2.4,
		flow:   func(px, py float64) (float64, float64) { return px - x, 14 + py - 905 },
		colour: func(px, py float64) rgb { return cream().lit(1.02 - (py-890)/190) },
		order:  func(_, py float64) float64 { return -py },
	})
	for _, d := range []float64{-15, 15} {
		c.fillSoft(stroke(point{x + d, 940}, point{x + d, 928}, point{x + d*0.8, 914}, 5), 1, veil(hex(0x6b4526), 0.6))
	}
}

func (c *canvas) catTail(rng *rand.Rand) {
	tail := blob(560, 850, 640, 872, 690, 900, 676, 944, 600, 962, 470, 966, 372, 958, 352, 930, 380, 912,
		470, 918, 560, 912, 600, 900)
	c.fillSoft(tail, 6, veil(hex(0x4a260c), 0.6))
	c.grow(tail, rng, coat{
		hairs: 9000, length: 24, width: 2.6,
		flow: func(x, y float64) (float64, float64) { return -1, 0.25 },
		colour: func(x, y float64) rgb {
			band := smooth(0.1, 0.5, math.Sin(x/15+noise(5).at(x/40, y/40)*2))
			return ginger().at(0.25+(y-900)/120).to(tabby(), 0.7*band)
		},
		order: func(x, _ float64) float64 { return x },
	})
}

// bodyColour is ginger tabby with a cream chest, lit from the left.
func bodyColour(x, y float64) rgb {
	side := (x - 400) / 210
	base := ginger().at(clamp01(0.42 + 0.42*side*math.Abs(side) + 0.12*side + (y-650)/900))
	wave := y/17 + 3*math.Abs(side) + 2*noise(6).fractal(x/90, y/90, 2)
	base = base.to(tabby(), 0.62*smooth(0.15, 0.75, math.Sin(wave))*smooth(0.3, 0.62, math.Abs(side)))
	chest := math.Hypot((x-400)/88, (y-560)/170) + 0.25*noise(8).fractal(x/40, y/40, 2)
	legs := math.Hypot((x-400)/120, (y-880)/80)
	white := max(1-smooth(0.75, 1.1, chest), 0.7*(1-smooth(0.7, 1.1, legs)))
	shadow := 1 - 0.42*(1-smooth(0, 110, y-455))*(1-smooth(0.4, 1, math.Abs(side)))
	gap := 1 - 0.4*math.Exp(-math.Pow((x-400)/9, 2))*smooth(740, 820, y)
	return base.to(cream().lit(0.97-0.1*side), white).lit(shadow * gap)
}

func (c *canvas) catHead(rng *rand.Rand) {
	c.catEars(rng)
	head := blob(400, 196, 316, 212, 252, 270, 224, 350, 240, 420, 300, 470, 400, 492,
		500, 470, 560, 420, 576, 350, 548, 270, 484, 212)
	c.fillSoft(head, 3, solid(hex(0xb06a2c)))
	c.grow(head, rng, coat{
		hairs: 26000, length: 25, width: 2.3,
		flow:   func(x, y float64) (float64, float64) { return (x - 400) * 1.1, y - 395 },
		colour: headColour,
		order:  func(x, y float64) float64 { return -math.Hypot(x-400, y-395) },
	})
}

func (c *canvas) catEars(rng *rand.Rand) {
	ear := blob(262, 300, 248, 240, 244, 170, 256, 128, 280, 140, 330, 182, 372, 226, 340, 290)
	inner := blob(275, 270, 266, 225, 264, 182, 272, 164, 292, 182, 322, 212, 336, 236)
	for _, flip := range []bool{false, true} {
		e, in := ear, inner
		if flip {
			e, in = ear.mirror(400), inner.mirror(400)
		}
		c.fillSoft(e, 2, solid(hex(0xa8622a)))
		c.grow(e, rng, coat{
			hairs: 3200, length: 20, width: 2.4,
			flow:   func(x, y float64) (float64, float64) { return (x - 400) / 400, -1 },
			colour: func(x, y float64) rgb { return ginger().at(0.35 + (x-250)/800 + (y-150)/800) },
			order:  func(_, y float64) float64 { return y },
		})
		c.fillSoft(in, 7, veil(hex(0xe9a58c), 0.9))
		c.grow(in, rng, coat{
			hairs: 240, length: 46, width: 2.2,
			flow:   func(x, y float64) (float64, float64) { return (400 - x) / 500, -1 },
			colour: func(x, y float64) rgb { return cream() },
			order:  func(_, y float64) float64 { return y },
		})
	}
}

// headColour is bodyColour's like for the face: an M of stripes on the
// forehead, bars on the cheeks, cream round the mouth.
func headColour(x, y float64) rgb {
	side, a := (x-400)/176, math.Abs(x-400)
	base := ginger().at(clamp01(0.3 + 0.3*side*math.Abs(side) + 0.1*side + (y-330)/900))
	brow := smooth(0.25, 0.8, math.Cos(a/12.5+(y-200)/60)) * (1 - smooth(266, 292, y)) * (1 - smooth(60, 110, a))
	bars := smooth(0.2, 0.8, math.Sin((y-a*0.45)/9.5)) * smooth(112, 140, a) * smooth(300, 340, y)
	base = base.to(tabby(), 0.75*max(brow, 0.8*bars))
	muzzle := min(math.Hypot((a-40)/62, (y-432)/42), math.Hypot(a/34, (y-380)/62))
	base = base.to(cream(), 1-smooth(0.8, 1.15, muzzle+0.15*noise(12).fractal(x/30, y/30, 2)))
	rings := math.Hypot((a-74)/48, (y-338)/40)
	return base.to(cream(), 0.65*(1-smooth(0.9, 1.2, rings)))
}

func (c *canvas) catFace() {
	c.catEye(false)
	c.catEye(true)
	ink := veil(hex(0x4b2413), 0.85)
	nose := blob(372, 396, 386, 390, 400, 393, 414, 390, 428, 396, 420, 412, 400, 424, 380, 412)
	c.fillSoft(nose, 1, round(394, 396, 34, hex(0xf2a79b), hex(0xc0645c)))
	c.fillSoft(ellipse(394, 399, 9, 3), 2, veil(hex(0xffe6e0), 0.8))
	for _, dx := range []float64{-1, 1} {
		x := func(d float64) float64 { return 400 + dx*d }
		c.fillSoft(ellipse(x(12), 411, 5, 3), 1.2, ink)
		c.fillSoft(stroke(point{400, 438}, point{x(22), 458}, point{x(52), 438}, 5), 0.6, ink)
		for i := range 12 {
			px, py := x(34+float64(i%4)*11), 420+float64(i/4)*9
			c.fillSoft(ellipse(px, py, 1.7, 1.7), 0.5, veil(hex(0x8a5a3a), 0.7))
		}
		for i, end := range []float64{366, 392, 422, 452, 478} {
			from := point{x(44 + float64(i%2)*14), 418 + float64(i)*6}
			c.fillSoft(stroke(from, point{x(150), mix(from.y, end, 0.4) - 8}, point{x(268 - 10*math.Abs(float64(i-2))), end}, 2.6),
				0.35, veil(hex(0xffffff), 0.92))
		}
	}
	c.fillSoft(stroke(point{400, 422}, point{400.5, 430}, point{400, 440}, 4.5), 0.6, ink)
}

func (c *canvas) catEye(right bool) {
	at := func(p path) path {
		if right {
			return p.mirror(400)
		}
		return p
	}
	x, y := 326.0, 338.0
	if right {
		x = 474
	}
	c.fillSoft(at(blob(282, 338, 300, 312, 330, 303, 358, 318, 374, 352, 356, 366, 326, 374, 298, 364)), 2, solid(hex(0x2e1608)))
	ball := at(blob(289, 338, 304, 317, 330, 309, 354, 322, 365, 350, 350, 361, 326, 367, 302, 359))
	c.fill(ball, func(px, py float64) (rgb, float64) {
		d := math.Hypot(px-x, py-y) / 38
		rays := 0.12 * noise(14).fractal(math.Atan2(py-y, px-x)*7, d*2, 2)
		iris := ramp{{0, hex(0xd8d65a)}, {0.45, hex(0xa3c24a)}, {0.85, hex(0x4f8f3c)}, {1, hex(0x244a22)}}
		return iris.at(clamp01(d + rays)).lit(0.75 + 0.4*smooth(310, 350, py)), 1
	})
	c.fillSoft(ellipse(x, y, 12, 28), 0.8, solid(hex(0x0b0806)))
	c.fillSoft(ellipse(x-11, y-13, 8, 9), 0.8, veil(hex(0xffffff), 0.96))
	c.fillSoft(ellipse(x+11, y+13, 5, 4), 1.5, veil(hex(0xe9ffe0), 0.5))
}
