package info

import (
	"fmt"
	"image"
	"iter"
	"math"
)

// pixels gives the colours of a picture, row by row, and how much of each is
// seen, all from 0 to 1 and in sRGB.
func pixels(m *image.NRGBA) iter.Seq2[[3]float64, float64] {
	return func(yield func([3]float64, float64) bool) {
		for y := range m.Rect.Dy() {
			row := m.Pix[y*m.Stride:][:4*m.Rect.Dx()]
			for i := 0; i < len(row); i += 4 {
				c := [3]float64{float64(row[i]) / 255, float64(row[i+1]) / 255, float64(row[i+2]) / 255}
				if !yield(c, float64(row[i+3])/255) {
					return
				}
			}
		}
	}
}

// average is the colour that is left of the picture when it is made one pixel
// small: the mean of its sRGB values, as the engine resizes. It is "" if nothing
// of it is visible.
func average(m *image.NRGBA) string {
	var sum [3]float64
	var visible float64
	for c, a := range pixels(m) {
		visible += a
		for i := range c {
			sum[i] += a * c[i]
		}
	}
	if visible == 0 {
		return ""
	}
	for i := range sum {
		sum[i] /= visible
	}
	return hex(sum)
}

func hex(c [3]float64) string {
	var b [3]uint8
	for i := range c {
		b[i] = uint8(math.Round(255 * min(max(c[i], 0), 1)))
	}
	return fmt.Sprintf("#%02x%02x%02x", b[0], b[1], b[2])
}
