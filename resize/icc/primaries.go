package icc

import "math"

type (
	vector [3]float64
	matrix [3]vector // of rows
)

// d50 is the white that profiles are relative to (ICC.1:2022, 7.2.16).
var d50 = vector{0.9642, 1, 0.8249}

// bradford is the matrix from XYZ to the responses of the eye's cones, which are what is
// scaled to adapt colours to another white.
var bradford = matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}

// toD50 returns full red, green and blue, with white adapted to that of profiles; ok is false
// if they span no colours, or do not fit into a profile.
func (p Primaries) toD50() (colours [3]vector, ok bool) {
	white, m := p.White.xyz(), matrix{}
	for i, c := range []XY{p.Red, p.Green, p.Blue} {
		colours[i] = c.xyz()
		for row := range m {
			m[row][i] = colours[i][row]
		}
	}
	back, ok := m.inverse()
	amounts := back.times(white) // of each colour, which together are white
	fromCones, _ := bradford.inverse()
	from, to := bradford.times(white), bradford.times(d50)
	for i, c := range colours {
		cones := bradford.times(c)
		for k := range cones {
			cones[k] *= amounts[i] * to[k] / from[k]
		}
		colours[i] = fromCones.times(cones)
		ok = ok && colours[i].representable()
	}
	return colours, ok
}

// representable reports whether all numbers fit into a profile.
func (v vector) representable() bool {
	for _, x := range v {
		if !(math.Abs(x) < 1<<14) { // neither infinite nor no number at all
			return false
		}
	}
	return true
}

// xyz is the colour at a luminance of 1.
func (c XY) xyz() vector { return vector{c[0] / c[1], 1, (1 - c[0] - c[1]) / c[1]} }

func (m matrix) times(v vector) (out vector) {
	for i, row := range m {
		out[i] = row[0]*v[0] + row[1]*v[1] + row[2]*v[2]
	}
	return out
}

// inverse is the way back; ok is false if there is none.
func (m matrix) inverse() (out matrix, ok bool) {
	minor := func(r, c int) float64 {
		r1, r2, c1, c2 := (r+1)%3, (r+2)%3, (c+1)%3, (c+2)%3
		return m[r1][c1]*m[r2][c2] - m[r1][c2]*m[r2][c1]
	}
	det := m[0][0]*minor(0, 0) + m[0][1]*minor(0, 1) + m[0][2]*minor(0, 2)
	for r := range 3 {
		for c := range 3 {
			out[c][r] = minor(r, c) / det
		}
	}
	return out, math.Abs(det) > 1e-9
}
