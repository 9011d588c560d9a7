package vips

import (
	"image/color"
	"math"
)

// The sides of every generated picture. Its upper half is upper, the rest lower.
const (
	flatW = 16
	flatH = 32
)

var upper, lower = color.NRGBA{200, 120, 40, 204}, color.NRGBA{60, 160, 230, 153}

// flatAt is the colour of a row.
func flatAt(y int) color.NRGBA {
	if y < flatH/2 {
		return upper
	}
	return lower
}

// Sample formats and photometric interpretations, from the TIFF 6.0 specification.
const (
	sampleUint    = 1
	sampleInt     = 2
	sampleFloat   = 3
	sampleVoid    = 4
	sampleComplex = 6

	photoWhite   = 0
	photoBlack   = 1
	photoRGB     = 2
	photoPalette = 3
	photoMask    = 4
	photoCMYK    = 5
	photoYCbCr   = 6
	photoLab     = 8
	photoICCLab  = 9
	photoITULab  = 10
	photoCFA     = 32803
	photoLogL    = 32844
	photoLogLuv  = 32845

	compressedJPEG = 7
	compressedLog  = 34676
)

// tiff is an uncompressed TIFF to be written.
type tiff struct {
	photo, bits, samples int
	format               int   // of samples; 0 leaves it out
	extra                []int // ExtraSamples; nil leaves it out
	separate             bool  // in planes
	rows                 int   // of a strip; 0 for all
	inkSet               int   // 0 leaves it out
	big                  bool  // big endian
	profile              []byte
	compression          int    // of strip; 0 for none
	strip                []byte // instead of the samples
}

// colours are how many samples a colour has; 0 where none is defined.
func (f tiff) colours() int {
	return map[int]int{photoWhite: 1, photoBlack: 1, photoRGB: 3, photoPalette: 1, photoCMYK: 4, photoYCbCr: 3, photoLab: 3}[f.photo]
}

// known reports whether the specification says which colour the samples are.
func (f tiff) known() bool {
	if f.photo == photoLogLuv {
		return f.compression == compressedLog
	}
	unsigned := f.format <= sampleUint || f.format == sampleVoid || f.format == sampleInt && f.photo == photoLab
	return unsigned && f.colours() > 0 && f.samples >= f.colours() && f.inkSet <= 1
}

// shows is the colour that is seen of c.
func (f tiff) shows(c color.NRGBA) color.NRGBA {
	if f.samples <= f.colours() || f.photo == photoLogLuv {
		c.A = 255
	}
	switch f.photo {
	case photoWhite, photoBlack, photoLab, photoLogLuv:
		levels := float64(uint64(1)<<f.bits - 1)
		grey := uint8(math.Round(math.Round(float64(c.G)/255*levels) / levels * 255))
		return color.NRGBA{grey, grey, grey, c.A}
	}
	return c
}

// values are the samples of c, from 0 to 1.
func (f tiff) values(c color.NRGBA) []float64 {
	r, g, b := float64(c.R)/255, float64(c.G)/255, float64(c.B)/255
	v := map[int][]float64{
		photoWhite: {1 - g}, photoRGB: {r, g, b}, photoCMYK: {1 - r, 1 - g, 1 - b, 0}, photoLab: {lightness(g), 0, 0},
		photoYCbCr: {0.299*r + 0.587*g + 0.114*b, 0.5 + (b-g)/3, 0.5 + (r-g)/3},
	}[f.photo]
	switch {
	case f.photo == photoPalette && c == upper:
		v = []float64{0} // upper is the first entry, and lower the last
	case f.photo == photoPalette:
		v = []float64{1}
	case v == nil:
		v = []float64{g}
	}
	for len(v) < f.samples {
		v = append(v, float64(c.A)/255)
	}
	return v[:f.samples]
}

// lightness is L* / 100 of a grey in sRGB.
func lightness(grey float64) float64 {
	y := linear(grey)
	if y <= 216.0/24389 {
		return 24389.0 / 27 * y / 100
	}
	return (116*math.Cbrt(y) - 16) / 100
}
