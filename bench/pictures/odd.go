package main

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"math"
)

// corners are the colours of the scene's corners, as seen: top left, top right,
// bottom left, bottom right.
func corners() [4]rgb {
	return [4]rgb{hex(0xd62828), hex(0x2a9d4a), hex(0x2457c5), hex(0xf2c230)}
}

// scene is the upright picture of most odd files, 480x320 units: a large F, an
// arrow that points up, and a corner of each colour.
func scene(scale float64) (*image.RGBA, error) {
	c := newCanvas(int(480*scale), int(320*scale), scale)
	c.shade(func(x, y float64, _ rgb) rgb {
		base := hex(0xeef3f5).to(hex(0xa9c3d6), clamp01(0.6*y/320+0.4*x/480))
		return base.lit(1 + 0.05*noise(300).fractal(x/60, y/60, 4))
	})
	for i, at := range []point{{0, 0}, {480, 0}, {0, 320}, {480, 320}} {
		c.fill(rect(at.x-64, at.y-64, 128, 128), solid(corners()[i]))
	}
	letter, _, err := text("F", 110, 272, 310)
	if err != nil {
		return nil, err
	}
	up, width, err := text("UP", 0, 0, 34)
	if err != nil {
		return nil, err
	}
	up = up.transform(func(p point) point { return point{p.x + 350 - width/2, p.y + 262} })
	ink := solid(hex(0x1c2b36))
	c.fill(letter, ink)
	c.fill(polygon(350, 70, 402, 138, 368, 138, 368, 226, 332, 226, 332, 138, 298, 138), solid(hex(0xe0602a)))
	c.fill(up, ink)
	return c.picture(), nil
}

// softDisc gives the alpha of a disc that fades out over the outer quarter of
// its radius.
func softDisc(side int) func(x, y int) uint8 {
	half := float64(side) / 2
	return func(x, y int) uint8 {
		d := math.Hypot(float64(x)+0.5-half, float64(y)+0.5-half) / (half * 0.9)
		return byteOf(smooth(1, 0.75, d))
	}
}

// redDisc is pure red wherever it is not wholly transparent, and transparent
// black elsewhere: blending it without regard to alpha gives dark edges.
func redDisc(side int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, side, side))
	disc := softDisc(side)
	for y := range side {
		for x := range side {
			if a := disc(x, y); a > 0 {
				out.SetNRGBA(x, y, color.NRGBA{R: 255, A: a})
			}
		}
	}
	return out
}

// deep is a ramp in more steps than 8 bits have: red grows by 257/65535 a
// column, green by 341/65535 a row.
func deep() image.Image {
	out := image.NewRGBA64(image.Rect(0, 0, 256, 192))
	for y := range 192 {
		for x := range 256 {
			out.SetRGBA64(x, y, color.RGBA64{R: uint16(x * 257), G: uint16(y * 341), B: 0x8001, A: 0xffff})
		}
	}
	return out
}

// paletted is the scene in the 216 colours of the old web, with the round
// middle cut out by a transparent entry.
func paletted() (image.Image, error) {
	m, err := scene(0.5)
	if err != nil {
		return nil, err
	}
	colours := append(append(color.Palette{}, palette.WebSafe...), color.NRGBA{})
	out := image.NewPaletted(m.Bounds(), colours)
	draw.FloydSteinberg.Draw(out, out.Bounds(), m, image.Point{})
	clear := uint8(len(colours) - 1)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			if math.Hypot(float64(x-220), float64(y-80)) < 14 {
				out.SetColorIndex(x, y, clear)
			}
		}
	}
	return out, nil
}

func grey() (image.Image, error) {
	m, err := scene(1)
	if err != nil {
		return nil, err
	}
	out := image.NewGray(m.Bounds())
	draw.Draw(out, out.Rect, m, image.Point{}, draw.Src)
	return out, nil
}

// bars has a row for each primary: on the left sRGB's, on the right those of
// another space, both written in that, which in converts to.
func bars(in func(rgb) rgb) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, 384, 288))
	for i, c := range []rgb{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}} {
		y := i * 96
		draw.Draw(out, image.Rect(0, y, 192, y+96), image.NewUniform(opaque(in(c))), image.Point{}, draw.Src)
		draw.Draw(out, image.Rect(192, y, 384, y+96), image.NewUniform(opaque(c)), image.Point{}, draw.Src)
	}
	return out
}

func opaque(c rgb) color.RGBA { return color.RGBA{byteOf(c.r), byteOf(c.g), byteOf(c.b), 255} }

// rainbow is a strip whose hue turns once along its longer side.
func rainbow(w, h int) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			turn := 2 * math.Pi * float64(max(x*h, y*w)) / float64(w*h)
			wave := func(shift float64) float64 { return 0.5 + 0.45*math.Cos(turn+shift) }
			out.SetRGBA(x, y, opaque(rgb{wave(0), wave(-2.094), wave(2.094)}))
		}
	}
	return out
}

// dot is a single pixel.
func dot() image.Image {
	out := image.NewRGBA(image.Rect(0, 0, 1, 1))
	out.SetRGBA(0, 0, color.RGBA{200, 80, 40, 255})
	return out
}

// inks is a picture's CMYK samples, four bytes a pixel, 0 no ink: black taken
// out wholly.
func inks(m *image.RGBA) []byte {
	var out []byte
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			p := m.RGBAAt(x, y)
			c, mg, ye, k := color.RGBToCMYK(p.R, p.G, p.B)
			out = append(out, c, mg, ye, k)
		}
	}
	return out
}

func encodeGIF(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := gif.Encode(&b, m, &gif.Options{NumColors: 64})
	return b.Bytes(), err
}
