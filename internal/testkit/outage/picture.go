// Package outage breaks the S3 behind a running Thumbery in every way, asks
// Thumbery for pictures meanwhile, and checks every answer. Tests use it for
// seconds and benchmarks for minutes.
package outage

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
)

// Pictures are numbered, and show their number: a grid of dark and light cells,
// whose bits survive resizing and compression, and the last of which are a
// checksum. Noise makes their files as large as those of photographs.
const (
	grid       = 4 // cells in a row, and rows
	numberBits = 12
	checkBits  = grid*grid - numberBits
	// Numbers is how many pictures can be told apart.
	Numbers = 1 << numberBits
	// Width and Height are those of originals, in pixels; Picture's is some 60 kB
	// large then.
	Width, Height = 480, 320

	dark, light, noise = 64, 160, 32
)

// Picture is the JPEG that shows a number from 0 to Numbers-1, in a size in pixels.
func Picture(n, width, height int) []byte {
	random := rand.New(rand.NewPCG(uint64(n), 0))
	m := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	code := encode(n)
	for y := range height {
		row := m.Y[y*m.YStride:][:width]
		for x := range row {
			shade := dark
			if code>>(y*grid/height*grid+x*grid/width)&1 == 1 {
				shade = light
			}
			row[x] = uint8(shade + random.IntN(noise))
		}
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(100+n%50), uint8(150-n%40)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 90}); err != nil {
		panic(err) // a buffer takes everything, and the size is ours
	}
	return out.Bytes()
}

func encode(n int) int { return n | check(n)<<numberBits }

// check is a checksum of n that differs for numbers that differ in one bit.
func check(n int) int { return (n + n>>checkBits*3 + n>>(2*checkBits)*5 + 9) % (1 << checkBits) }

// Number decodes a JPEG completely and returns the number that it shows and its size in
// pixels. The error says that it is truncated or shows no number.
func Number(body []byte) (n, width, height int, err error) {
	m, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		return 0, 0, 0, fmt.Errorf("%d bytes do not decode: %w", len(body), err)
	}
	width, height = m.Bounds().Dx(), m.Bounds().Dy()
	code := 0
	for cell := range grid * grid {
		x, y := (cell%grid*2+1)*width/(2*grid), (cell/grid*2+1)*height/(2*grid)
		if brightness(m, x, y, width/(4*grid), height/(4*grid)) > (dark+light+noise)/2 {
			code |= 1 << cell
		}
	}
	n = code % Numbers
	if code != encode(n) {
		return 0, width, height, fmt.Errorf("a picture of %dx%d shows no number, but %016b", width, height, code)
	}
	return n, width, height, nil
}

// brightness is the mean brightness within dx and dy of a point.
func brightness(m image.Image, x, y, dx, dy int) int {
	sum, count := 0, 0
	for py := y - dy; py <= y+dy; py++ {
		for px := x - dx; px <= x+dx; px++ {
			r, g, b, _ := m.At(px, py).RGBA()
			sum += int((299*r + 587*g + 114*b) / 1000 >> 8)
			count++
		}
	}
	return sum / count
}
