package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
)

// The counter: five frames on a transparent ground, of which number i, from 0,
// adds a square of 20 pixels at 20i,20 in a colour of its own.
const (
	counterW, counterH = 100, 60
	counterPlays       = 3 // of which GIF counts those after the first
)

type step struct {
	colour   color.NRGBA
	delay    int // milliseconds
	disposal byte
	seen     []int // the squares that are seen with it, given the disposals before
}

func steps() []step {
	return []step{
		{color.NRGBA{255, 0, 0, 255}, 100, gif.DisposalNone, []int{0}},
		{color.NRGBA{0, 255, 0, 255}, 200, gif.DisposalBackground, []int{0, 1}},
		{color.NRGBA{0, 0, 255, 255}, 50, gif.DisposalPrevious, []int{0, 2}},
		{color.NRGBA{255, 255, 0, 255}, 400, gif.DisposalNone, []int{0, 3}},
		{color.NRGBA{255, 0, 255, 255}, 1000, gif.DisposalNone, []int{0, 3, 4}},
	}
}

func counters() []file {
	const is = "5 frames of 100x60 on transparent ground, 100, 200, 50, 400 and 1000 ms, played 3 times; squares of 20 at 20i,20, red, green, blue, yellow, magenta; seen are 0, then 0 1, then 0 2, then 0 3, then 0 3 4"
	return []file{
		{"odd/counter.gif", "gif", counterW, counterH, is + "; each disposal once", "those frames and delays, played 3 times", stored(counterGIF)},
		{"odd/counter.webp", "webp", counterW, counterH, is + "; lossless", "those frames and delays, played 3 times", counterWebP},
		{"odd/one-frame.gif", "gif", counterW, counterH, "an animation of one frame, the counter's first", "a still picture", stored(oneFrameGIF)},
	}
}

func square(i int) image.Rectangle { return image.Rect(20*i, 20, 20*i+20, 40) }

// counterGIF has a first frame of all the screen, and then only the squares.
func counterGIF() ([]byte, error) { return counterOf(steps()) }

func oneFrameGIF() ([]byte, error) { return counterOf(steps()[:1]) }

func counterOf(all []step) ([]byte, error) {
	colours := color.Palette{color.NRGBA{}}
	for _, s := range all {
		colours = append(colours, s.colour)
	}
	g := gif.GIF{LoopCount: counterPlays - 1, Config: image.Config{ColorModel: colours, Width: counterW, Height: counterH}}
	for i, s := range all {
		box := square(i)
		if i == 0 {
			box = image.Rect(0, 0, counterW, counterH)
		}
		m := image.NewPaletted(box, colours)
		draw.Draw(m, square(i), image.NewUniform(s.colour), image.Point{}, draw.Src)
		g.Image, g.Delay, g.Disposal = append(g.Image, m), append(g.Delay, s.delay/10), append(g.Disposal, s.disposal)
	}
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &g)
	return b.Bytes(), err
}

func counterWebP(t *toolbox) ([]byte, error) {
	args := []string{"-loop", strconv.Itoa(counterPlays), "-lossless"}
	for i, s := range steps() {
		m := image.NewNRGBA(image.Rect(0, 0, counterW, counterH))
		for _, j := range s.seen {
			draw.Draw(m, square(j), image.NewUniform(steps()[j].colour), image.Point{}, draw.Src)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			return nil, err
		}
		name := fmt.Sprintf("step%d.png", i)
		if err := os.WriteFile(filepath.Join(t.dir, name), b.Bytes(), 0o600); err != nil {
			return nil, err
		}
		args = append(args, "-d", strconv.Itoa(s.delay), name)
	}
	if err := t.run("img2webp", append(args, "-o", "out.webp")...); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(t.dir, "out.webp"))
}
