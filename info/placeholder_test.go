package info

import (
	"encoding/base64"
	"image"
	"image/color"
	"math"
	"testing"
)

// pattern is a picture in which all channels vary.
func pattern(w, h int, alpha bool) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(x * x * 255 / (w * w)), uint8((y*y*2 + x) * 255 / (h*h*2 + w)), uint8(x * y), 255}
			if alpha {
				c.A = uint8((x + y) * 5)
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// The hashes are those of the reference implementation, thumbhash 0.1.1 of npm.
func TestThumbHash(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		w, h  int
		alpha bool
		want  string
	}{
		{40, 30, false, "VgcOJZiAdndwh4h4iGiIh/KjD/lo"},
		{30, 40, true, "F/eFFBAYgBWniHuGSE/YoI9VZDegGIt4Bw=="},
		{100, 100, false, "2PYJLxqQhndwd3d5d2d3h3d3Bwu4kI8G"},
		{100, 1, false, "Ebsh0ZSEh4eIiAh7hIhwevg="},
		{1, 1, false, "AAgCBwAAAAAAAAAAAAAAAAAAAAAAAAAA"},
		{7, 100, true, "lseFGQ4ogIG4eYrakh/5OHeHdHh4B3c="},
	} {
		if got := thumbHash(pattern(tt.w, tt.h, tt.alpha)); got != tt.want {
			t.Errorf("%dx%d, alpha %v: %s, want %s", tt.w, tt.h, tt.alpha, got, tt.want)
		}
	}
	if got := thumbHash(image.NewNRGBA(image.Rect(0, 0, 3, 2))); got == "" {
		t.Error("nothing visible has no hash")
	}
}

// thumbColor is the mean colour that a ThumbHash says, 0..255, and its alpha.
func thumbColor(t *testing.T, hash string) (c [3]float64, alpha float64) {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(hash)
	if err != nil || len(b) < 5 {
		t.Fatalf("%s: %v", hash, err)
	}
	head := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	l := float64(head&63) / 63
	p := float64(head>>6&63)/31.5 - 1
	q := float64(head>>12&63)/31.5 - 1
	alpha = 1
	if head>>23 == 1 {
		alpha = float64(b[5]&15) / 15
	}
	blue := l - 2.0/3*p
	red := (3*l - blue + q) / 2
	for i, f := range []float64{red, red - q, blue} {
		c[i] = 255 * math.Min(math.Max(f, 0), 1)
	}
	return c, alpha
}
