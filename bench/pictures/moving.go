package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"math"
	"os"
	"path/filepath"
)

// The animation: a ball that bounces once.
const (
	frames     = 12
	frameDelay = 80 // milliseconds
	movingW    = 192
	movingH    = 144
)

func ballAt(frame int) point {
	t := float64(frame) / frames
	return point{30 + 132*t, 116 - 80*math.Abs(math.Sin(2*math.Pi*t))}
}

func stage() *canvas {
	c := newCanvas(movingW, movingH, 1)
	c.shade(func(_, y float64, _ rgb) rgb { return hex(0xcfe6f2).to(hex(0x7fb0d0), y/120) })
	c.fill(rect(-1, 122, 200, 40), solid(hex(0x4f7a4a)))
	return c
}

func (c *canvas) ball(at point) {
	c.fill(ellipse(at.x, at.y, 16, 16), round(at.x-5, at.y-6, 24, hex(0xff9a6a), hex(0xb3261e)))
}

// movingGIF has a whole first frame, and then only the ball's surroundings on
// a transparent ground, each removed again before the next: a decoder that
// takes frames for whole pictures shows a ball in a hole.
func movingGIF() ([]byte, error) {
	colours := ballColours()
	ground := stage().picture()
	var g gif.GIF
	g.Config = image.Config{ColorModel: colours, Width: movingW, Height: movingH}
	add := func(m *image.Paletted, disposal byte) {
		g.Image, g.Disposal = append(g.Image, m), append(g.Disposal, disposal)
		g.Delay = append(g.Delay, frameDelay/10)
	}
	first := image.NewPaletted(ground.Rect, colours)
	draw.Draw(first, first.Rect, ground, image.Point{}, draw.Src)
	add(first, gif.DisposalNone)
	for i := range frames - 1 {
		add(ballFrame(ground, colours, ballAt(i+1)), gif.DisposalPrevious)
	}
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &g)
	return b.Bytes(), err
}

func ballFrame(ground *image.RGBA, colours color.Palette, at point) *image.Paletted {
	c := stage()
	c.ball(at)
	whole := c.picture()
	box := image.Rect(int(at.x)-18, int(at.y)-18, int(at.x)+19, int(at.y)+19).Intersect(whole.Rect)
	out := image.NewPaletted(box, colours)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			if p := whole.RGBAAt(x, y); p != ground.RGBAAt(x, y) {
				out.Set(x, y, p)
			}
		}
	}
	return out
}

// ballColours are what the animation needs; the first is transparent.
func ballColours() color.Palette {
	out := color.Palette{color.NRGBA{}}
	for i := range 40 {
		t := float64(i) / 39
		out = append(out, opaque(hex(0xcfe6f2).to(hex(0x7fb0d0), t)), opaque(hex(0xff9a6a).to(hex(0xb3261e), t)))
	}
	return append(out, opaque(hex(0x4f7a4a)), opaque(hex(0xffffff)))
}

func movingWebP(t *toolbox) ([]byte, error) {
	args := []string{"-loop", "0", "-lossy", "-q", "70", "-d", fmt.Sprint(frameDelay)}
	for i := range frames {
		c := stage()
		c.ball(ballAt(i))
		name := fmt.Sprintf("frame%02d.png", i)
		f, err := os.Create(filepath.Join(t.dir, name))
		if err != nil {
			return nil, err
		}
		if err := png.Encode(f, c.picture()); err != nil {
			_ = f.Close()
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		args = append(args, name)
	}
	if err := t.run("img2webp", append(args, "-o", "out.webp")...); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(t.dir, "out.webp"))
}
