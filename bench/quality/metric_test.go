package main

import (
	"math"
	"testing"
)

func TestSimilarity(t *testing.T) {
	const side = 32
	wave, flat, negative := plane{w: side, h: side}, plane{w: side, h: side}, plane{w: side, h: side}
	for i := range side * side {
		v := 127.5 + 100*math.Sin(float64(i%side))
		wave.y = append(wave.y, v)
		flat.y = append(flat.y, 127.5)
		negative.y = append(negative.y, 255-v)
	}
	if got := similarity(wave, wave); math.Abs(got-1) > 1e-9 {
		t.Errorf("a picture and itself: %v, want 1", got)
	}
	if got := similarity(wave, flat); got < 0 || got > 0.1 {
		t.Errorf("a wave and its mean: %v, want nearly 0", got)
	}
	if got := similarity(wave, negative); got > -0.5 {
		t.Errorf("a wave and its negative: %v, want nearly -1", got)
	}
	// Two flat pictures differ by their luminance alone, of which Wang and others
	// give (2xy+C1)/(x²+y²+C1).
	dark := plane{w: side, h: side, y: make([]float64, side*side)}
	c1 := (0.01 * 255) * (0.01 * 255)
	if got, want := similarity(flat, dark), c1/(127.5*127.5+c1); math.Abs(got-want) > 1e-6 {
		t.Errorf("grey and black: %v, want %v", got, want)
	}
}

func TestCurveAt(t *testing.T) {
	c := curve{{n: 1, bytes: 100, ssim: 0.8}, {n: 1, bytes: 400, ssim: 0.9}, {n: 1, bytes: 1600, ssim: 0.96}}
	for bytes, want := range map[float64]float64{100: 0.8, 200: 0.85, 400: 0.9, 800: 0.93, 3200: 0.99} {
		if got := c.at(bytes); math.Abs(got.ssim-want) > 1e-9 || got.bytes != bytes {
			t.Errorf("at %v bytes: %+v, want ssim %v", bytes, got, want)
		}
	}
}

func TestPictureAt(t *testing.T) {
	for _, c := range []struct{ w, h, width, want int }{
		{4352, 2448, 300, 169}, {2000, 1000, 301, 151}, {3000, 1000, 300, 100},
	} {
		if got := (picture{width: c.w, height: c.h}).at(c.width); got != c.want {
			t.Errorf("%dx%d at %d: %d, want %d", c.w, c.h, c.width, got, c.want)
		}
	}
}
