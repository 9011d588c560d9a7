package main

import (
	"image"
	"image/color"
)

// drawLogo is a mark with a soft shadow on nothing, 800x800 units.
func drawLogo() (image.Image, error) {
	name, width, err := text("Thumbery", 0, 0, 120)
	if err != nil {
		return nil, err
	}
	name = name.transform(func(p point) point { return point{p.x + 400 - width/2, p.y + 740} })
	return cutOut(1000, 1000, 1.25, func(c *canvas) {
		frame := tile(180, 60, 440, 440, 96)
		c.fillSoft(frame.transform(func(p point) point { return point{p.x, p.y + 26} }), 26, veil(hex(0x06202e), 0.55))
		c.fill(frame, down(60, hex(0x24b3c4), 500, hex(0x1b4fa0)))
		c.fill(ellipse(500, 190, 46, 46), solid(hex(0xffd45a)))
		c.fill(rounded(26, 212, 440, 346, 226, 480, 440), solid(hex(0xffffff)))
		c.fill(rounded(22, 388, 440, 486, 300, 588, 440), solid(hex(0xbfe8ee)))
		c.fillSoft(name, 10, veil(hex(0x06202e), 0.35))
		c.fill(name, down(650, hex(0xff9a3c), 750, hex(0xf0663a)))
	}), nil
}

// cutOut gives what draw paints with its own transparency: it is painted on
// black and on white, and the difference of the two is what shines through.
func cutOut(w, h int, scale float64, draw func(*canvas)) *image.NRGBA {
	black, white := newCanvas(w, h, scale), newCanvas(w, h, scale)
	white.shade(func(_, _ float64, _ rgb) rgb { return rgb{1, 1, 1} })
	draw(black)
	draw(white)
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, b := range black.pix {
		alpha := clamp01(1 - (white.pix[i].g - b.g))
		if byteOf(alpha) == 0 {
			continue
		}
		c := b.lit(1 / alpha)
		out.SetNRGBA(i%w, i/w, color.NRGBA{byteOf(c.r), byteOf(c.g), byteOf(c.b), byteOf(alpha)})
	}
	return out
}
