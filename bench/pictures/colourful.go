package main

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// profiled are files whose colours depend on a profile, or on what stands in
// for one.
func profiled() []file {
	const inverted = "the picture of cmyk.jpg within what CMYK loses (in libvips' own profile 201,71,62 at the top left), not a negative"
	return []file{
		{"odd/adobe-rgb.jpg", "jpeg", 384, 288, "red, green and blue rows in Adobe RGB with its profile (version 2): on the left sRGB's primaries (stored 219,0,0; 144,255,60; 0,0,250), on the right Adobe's (stored pure)", "converted to sRGB both halves are pure within 3 steps", stored(adobeJPEG)},
		{"odd/swapped.jpg", "jpeg", 384, 128, "three squares, stored red, green and blue, with a profile that swaps the channels", "from the left: green, blue, red", stored(swappedJPEG)},
		{"odd/swapped.png", "png", 384, 128, "the same as PNG", "from the left: green, blue, red", stored(swappedPNG)},
		{"odd/gray-linear.jpg", "jpeg", 256, 64, "grey squares, stored 13, 55, 128 and 255, with a profile of gamma 1", "grey of 64, 128, 188 and 255", stored(linearJPEG)},
		{"odd/bad-icc.jpg", "jpeg", 480, 320, "a profile of noise", "the colours of orientation-1.jpg, as if there were no profile", stored(badProfileJPEG)},
		{"odd/16bit-p3.png", "png", 384, 288, "p3.jpg in 16 bits a sample", "8 bits; both halves are pure within 12 steps", stored(deepP3)},
		{"odd/gray16.png", "png", 256, 64, "16 bits of grey: column x is 257x", "column x is x", stored(deepGray)},
		{"odd/cmyk-plain.jpg", "jpeg", 480, 320, "the samples of cmyk.jpg without Adobe's marker, no profile", inverted, fourInks(plainInks)},
		{"odd/ycck.jpg", "jpeg", 480, 320, "four inks as YCCK, stored inverted with Adobe's marker, no profile", inverted, fourInks(ycckInks)},
		{"odd/cmyk-icc.jpg", "jpeg", 256, 128, "squares of 64 with a profile of made-up inks: above cyan, magenta, yellow, black; below cyan on magenta, cyan on yellow, magenta on yellow, paper", "above 0,140,190; 200,20,110; 250,220,0; 40,40,40; below 0,11,82; 0,121,0; 196,17,0; 255,255,255, within 3 steps", fourInks(profiledInks)},
	}
}

func withICC(data, icc []byte) []byte {
	// One chunk of one (ICC.1:2010, B.4).
	return withSegment(data, markerApp2, append([]byte("ICC_PROFILE\x00\x01\x01"), icc...))
}

func adobeJPEG() ([]byte, error) {
	data, err := encodeJPEG(bars(inAdobe), 90)
	return withICC(data, adobeRGB()), err
}

// squares is a row of squares of one colour each.
func squares(side int, colours ...color.Color) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, side*len(colours), side))
	for i, c := range colours {
		draw.Draw(out, image.Rect(side*i, 0, side*(i+1), side), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return out
}

func primaries() *image.RGBA {
	return squares(128, color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255})
}

func swappedJPEG() ([]byte, error) {
	data, err := encodeJPEG(primaries(), 90)
	return withICC(data, swappedRGB()), err
}

func swappedPNG() ([]byte, error) {
	m := primaries()
	p := rawPNG{w: m.Rect.Dx(), h: m.Rect.Dy(), depth: 8, colour: pngRGB, icc: swappedRGB()}
	p.each(func(x, y int) { c := m.RGBAAt(x, y); p.rows = append(p.rows, c.R, c.G, c.B) })
	return p.encode()
}

// each calls f for the pixels in order, and puts the filter byte before rows.
func (p *rawPNG) each(f func(x, y int)) {
	for y := range p.h {
		p.rows = append(p.rows, 0)
		for x := range p.w {
			f(x, y)
		}
	}
}

func linearJPEG() ([]byte, error) {
	m := squares(64, color.Gray{13}, color.Gray{55}, color.Gray{128}, color.Gray{255})
	grey := image.NewGray(m.Rect)
	draw.Draw(grey, grey.Rect, m, image.Point{}, draw.Src)
	data, err := encodeJPEG(grey, 95)
	return withICC(data, linearGray()), err
}

func badProfileJPEG() ([]byte, error) {
	data, err := sceneJPEG()
	noise := make([]byte, 600)
	rng := rand.New(rand.NewPCG(4, 2))
	for i := range noise {
		noise[i] = byte(rng.UintN(256))
	}
	return withICC(data, noise), err
}

func deepP3() ([]byte, error) {
	p := rawPNG{w: 384, h: 288, depth: 16, colour: pngRGB, icc: displayP3()}
	p.each(func(x, y int) {
		c := [3]rgb{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}[y/96]
		if x < 192 {
			c = inP3(c)
		}
		for _, v := range []float64{c.r, c.g, c.b} {
			p.rows = binary.BigEndian.AppendUint16(p.rows, uint16(math.Round(clamp01(v)*65535)))
		}
	})
	return p.encode()
}

func deepGray() ([]byte, error) {
	p := rawPNG{w: 256, h: 64, depth: 16, colour: pngGray}
	p.each(func(x, _ int) { p.rows = append(p.rows, byte(x), byte(x)) })
	return p.encode()
}

// separation is a picture in four inks, 0 none, and what becomes of the JPEG
// that Adobe's programs would write of it.
type separation struct {
	w, h   int
	inks   []byte
	finish func([]byte) []byte
}

// fourInks writes a separation through vips, which inverts the samples and adds
// Adobe's marker.
func fourInks(separate func() (separation, error)) func(*toolbox) ([]byte, error) {
	return func(t *toolbox) ([]byte, error) {
		s, err := separate()
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(t.dir, "in.raw"), s.inks, 0o600); err != nil {
			return nil, err
		}
		if err := t.run("vips", "rawload", "in.raw", "raw.v", strconv.Itoa(s.w), strconv.Itoa(s.h), "4"); err != nil {
			return nil, err
		}
		if err := t.run("vips", "copy", "raw.v", "out.jpg[Q=80,strip,optimize_coding]", "--interpretation", "cmyk"); err != nil {
			return nil, err
		}
		data, err := os.ReadFile(filepath.Join(t.dir, "out.jpg"))
		if err != nil {
			return nil, err
		}
		return s.finish(data), nil
	}
}

func sceneInks() ([]byte, error) {
	m, err := scene(1)
	if err != nil {
		return nil, err
	}
	return inks(m), nil
}

// plainInks has no marker. Decoders take its samples for inverted all the same.
func plainInks() (separation, error) {
	b, err := sceneInks()
	return separation{480, 320, b, withoutAdobe}, err
}

// ycckInks codes the stored samples of cyan, magenta and yellow as libjpeg does:
// as luma and chroma of their complements, which are the inks.
func ycckInks() (separation, error) {
	b, err := sceneInks()
	for i := 0; i+4 <= len(b); i += 4 {
		y, cb, cr := color.RGBToYCbCr(b[i], b[i+1], b[i+2])
		b[i], b[i+1], b[i+2] = 255-y, 255-cb, 255-cr
	}
	return separation{480, 320, b, markYCCK}, err
}

func profiledInks() (separation, error) {
	patches := [2][4][4]int{
		{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}},
		{{1, 1, 0, 0}, {1, 0, 1, 0}, {0, 1, 1, 0}, {0, 0, 0, 0}},
	}
	var b []byte
	for y := range 128 {
		for x := range 256 {
			for _, ink := range patches[y/64][x/64] {
				b = append(b, byte(255*ink))
			}
		}
	}
	return separation{256, 128, b, func(data []byte) []byte { return withICC(data, ownInks()) }}, nil
}
