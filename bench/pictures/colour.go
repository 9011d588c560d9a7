package main

import "math"

// rgb is an sRGB-coded colour, each channel 0..1. Blending happens in this
// coded space, as drawing programs do it.
type rgb struct{ r, g, b float64 }

// hex makes a colour of 0xRRGGBB.
func hex(v uint32) rgb {
	return rgb{float64(v>>16&0xff) / 255, float64(v>>8&0xff) / 255, float64(v&0xff) / 255}
}

// to mixes c with d: t 0 gives c, 1 gives d.
func (c rgb) to(d rgb, t float64) rgb {
	return rgb{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

// lit multiplies the brightness.
func (c rgb) lit(k float64) rgb { return rgb{c.r * k, c.g * k, c.b * k} }

// plus adds light of the colour d, as a glow does.
func (c rgb) plus(d rgb, k float64) rgb {
	return rgb{c.r + d.r*k, c.g + d.g*k, c.b + d.b*k}
}

// stop is one colour of a ramp.
type stop struct {
	at float64
	c  rgb
}

// ramp is a gradient of stops in ascending order.
type ramp []stop

func (r ramp) at(t float64) rgb {
	for i := 1; i < len(r); i++ {
		if t < r[i].at {
			a, b := r[i-1], r[i]
			return a.c.to(b.c, smooth(a.at, b.at, t))
		}
	}
	return r[len(r)-1].c
}

func clamp01(v float64) float64 { return min(max(v, 0), 1) }

// smooth rises from 0 at a to 1 at b with level ends.
func smooth(a, b, v float64) float64 {
	t := clamp01((v - a) / (b - a))
	return t * t * (3 - 2*t)
}

// byteOf rounds a channel to 8 bits.
func byteOf(v float64) uint8 { return uint8(math.Round(clamp01(v) * 255)) }
