package info

import (
	"fmt"
	"image"
	"iter"
	"math"
)

// pixels yields the colours of an image row by row, in sRGB from 0 to 1, each with its
// alpha.
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

// average is the mean of the visible sRGB values, which is what the engine would make of
// the image at one pixel; "" if nothing is visible.
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

// toOKLab and fromOKLab convert between sRGB, from 0 to 1, and OKLab. The constants are
// Björn Ottosson's: https://bottosson.github.io/posts/oklab.
func toOKLab(c [3]float64) [3]float64 {
	r, g, b := linear(c[0]), linear(c[1]), linear(c[2])
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return [3]float64{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

func fromOKLab(c [3]float64) [3]float64 {
	l := cube(c[0] + 0.3963377774*c[1] + 0.2158037573*c[2])
	m := cube(c[0] - 0.1055613458*c[1] - 0.0638541728*c[2])
	s := cube(c[0] - 0.0894841775*c[1] - 1.2914855480*c[2])
	return [3]float64{
		gamma(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		gamma(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		gamma(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
	}
}

func cube(x float64) float64 { return x * x * x }

// linear and gamma are the transfer functions of sRGB, IEC 61966-2-1.
func linear(c float64) float64 {
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

func gamma(c float64) float64 {
	if c <= 0.0031308 {
		return c * 12.92
	}
	return 1.055*math.Pow(c, 1/2.4) - 0.055
}
