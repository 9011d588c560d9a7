package info

import (
	"encoding/base64"
	"image"
	"math"
)

// thumbHash returns the ThumbHash (https://evanw.github.io/thumbhash) of m, of at
// most 100 pixels a side, in base64: the picture's lowest frequencies, with its
// proportions and alpha, in some 25 bytes.
func thumbHash(m *image.NRGBA) string {
	c := newThumb(m)
	lx, ly := c.waves()
	l := c.transform(c.l, max(3, lx), max(3, ly))
	p := c.transform(c.p, 3, 3)
	q := c.transform(c.q, 3, 3)
	landscape := c.w > c.h
	shorter := lx
	if landscape {
		shorter = ly
	}
	head := nibble(63*l.mean) | nibble(31.5+31.5*p.mean)<<6 | nibble(31.5+31.5*q.mean)<<12 |
		nibble(31*l.scale)<<18 | bit(c.alpha)<<23
	shape := uint32(shorter) | nibble(63*p.scale)<<3 | nibble(63*q.scale)<<9 | bit(landscape)<<15
	hash := []byte{byte(head), byte(head >> 8), byte(head >> 16), byte(shape), byte(shape >> 8)}
	waves := append(append(l.waves, p.waves...), q.waves...)
	if c.alpha {
		a := c.transform(c.a, 5, 5)
		hash = append(hash, byte(nibble(15*a.mean)|nibble(15*a.scale)<<4))
		waves = append(waves, a.waves...)
	}
	return base64.StdEncoding.EncodeToString(appendNibbles(hash, waves))
}

// thumb is a picture in the four channels that a ThumbHash has: luminance,
// yellow against blue, red against green, and alpha, all from 0 to 1 or -1 to 1.
type thumb struct {
	w, h       int
	alpha      bool
	l, p, q, a []float64
}

// newThumb lays the picture on its own mean colour, so that what is transparent
// adds no contrast.
func newThumb(m *image.NRGBA) *thumb {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	t := &thumb{w: w, h: h}
	for _, channel := range []*[]float64{&t.l, &t.p, &t.q, &t.a} {
		*channel = make([]float64, 0, w*h)
	}
	var mean [3]float64
	var visible float64
	for c, a := range pixels(m) {
		visible += a
		for i := range mean {
			mean[i] += a * c[i]
		}
	}
	if visible > 0 {
		for i := range mean {
			mean[i] /= visible
		}
	}
	t.alpha = visible < float64(w*h)
	for c, a := range pixels(m) {
		for i := range c {
			c[i] = mean[i]*(1-a) + c[i]*a
		}
		t.l = append(t.l, (c[0]+c[1]+c[2])/3)
		t.p = append(t.p, (c[0]+c[1])/2-c[2])
		t.q = append(t.q, c[0]-c[1])
		t.a = append(t.a, a)
	}
	return t
}

// waves are how many frequencies of luminance there are along each side. They
// also tell the proportions.
func (t *thumb) waves() (x, y int) {
	most := 7.0
	if t.alpha {
		most = 5
	}
	longer := float64(max(t.w, t.h))
	return max(1, int(nibble(most*float64(t.w)/longer))), max(1, int(nibble(most*float64(t.h)/longer)))
}

// spectrum is a channel as cosines.
type spectrum struct {
	mean  float64
	scale float64   // the strongest of the waves
	waves []float64 // 0..1, half of it for none
}

// transform is a discrete cosine transform of which the lower left triangle of
// nx by ny frequencies is kept.
func (t *thumb) transform(channel []float64, nx, ny int) spectrum {
	rows := t.rows(channel, nx)
	var s spectrum
	for y := range ny {
		column := cosines(y, t.h)
		for x := 0; x*ny < nx*(ny-y); x++ {
			f := 0.0
			for i, c := range column {
				f += rows[x][i] * c
			}
			f /= float64(t.w * t.h)
			if x == 0 && y == 0 {
				s.mean = f
				continue
			}
			s.waves = append(s.waves, f)
			s.scale = max(s.scale, math.Abs(f))
		}
	}
	for i := range s.waves {
		if s.scale > 0 {
			s.waves[i] = 0.5 + 0.5/s.scale*s.waves[i]
		}
	}
	return s
}

// rows are how strong each of n frequencies is in each row.
func (t *thumb) rows(channel []float64, n int) [][]float64 {
	all := make([][]float64, n)
	for x := range all {
		wave := cosines(x, t.w)
		all[x] = make([]float64, t.h)
		for y := range t.h {
			for i, c := range wave {
				all[x][y] += channel[y*t.w+i] * c
			}
		}
	}
	return all
}

func cosines(frequency, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = math.Cos(math.Pi / float64(n) * float64(frequency) * (float64(i) + 0.5))
	}
	return all
}

// appendNibbles writes each wave in four bits, the first of a byte in its lower
// half.
func appendNibbles(hash []byte, waves []float64) []byte {
	for i, f := range waves {
		n := byte(nibble(15 * f))
		if i%2 == 0 {
			hash = append(hash, n)
		} else {
			hash[len(hash)-1] |= n << 4
		}
	}
	return hash
}

// nibble rounds half up, as the reference in JavaScript does.
func nibble(f float64) uint32 { return uint32(math.Floor(f + 0.5)) }

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
