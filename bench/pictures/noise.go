package main

import "math"

// noise is a seed of gradient noise: the same seed gives the same texture.
type noise uint32

// hash spreads a lattice point and the seed over 32 bits (the finaliser of
// MurmurHash3).
func (n noise) hash(x, y int32) uint32 {
	h := uint32(n)*0x9e3779b9 ^ uint32(x)*0x85ebca6b ^ uint32(y)*0xc2b2ae35
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}

// white is uncorrelated noise, 0..1.
func (n noise) white(x, y int) float64 {
	return float64(n.hash(int32(x), int32(y))) / math.MaxUint32
}

// slope is the lattice point's gradient times the offset from it.
func (n noise) slope(x, y int32, dx, dy float64) float64 {
	h := n.hash(x, y)
	return (float64(h&0xffff)/32768-1)*dx + (float64(h>>16)/32768-1)*dy
}

// at is gradient noise with features of size 1, about -0.8..0.8.
func (n noise) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int32(fx), int32(fy)
	dx, dy := x-fx, y-fy
	u, v := ease(dx), ease(dy)
	top := mix(n.slope(ix, iy, dx, dy), n.slope(ix+1, iy, dx-1, dy), u)
	low := mix(n.slope(ix, iy+1, dx, dy-1), n.slope(ix+1, iy+1, dx-1, dy-1), u)
	return mix(top, low, v)
}

// fractal adds octaves of halving size and weight, about -1..1.
func (n noise) fractal(x, y float64, octaves int) float64 {
	sum, weight := 0.0, 1.0
	for i := range octaves {
		sum += weight * (n+noise(i)).at(x, y)
		x, y, weight = x*2.03+17.1, y*2.03+9.7, weight/2
	}
	return sum
}

// ridged is fractal noise with sharp crests, 0..about 1.
func (n noise) ridged(x, y float64, octaves int) float64 {
	sum, weight := 0.0, 0.5
	for i := range octaves {
		v := 1 - math.Abs((n+noise(i)).at(x, y))*1.6
		sum += weight * v * v
		x, y, weight = x*2.03+5.3, y*2.03+3.9, weight/2
	}
	return sum
}

// ease is Perlin's fade curve 6t^5 - 15t^4 + 10t^3.
func ease(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }

func mix(a, b, t float64) float64 { return a + (b-a)*t }
