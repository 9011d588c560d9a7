package icc

import "math"

type (
	vector [3]float64
	matrix [3]vector // of rows
)

// d50 is the white that profiles are relative to (ICC.1:2022, 7.2.16).
var d50 = vector{0.9642, 1, 0.8249}

// bradford turns colours into what the receptors of the eye see, as profiles reckon.
var bradford = matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}

// toD50 is the matrix from linear RGB to XYZ, with white adapted to that of profiles.
func (p Primaries) toD50() (m matrix, ok bool) {
	columns := [3]vector{p.Red.xyz(), p.Green.xyz(), p.Blue.xyz()}
	for row := range m {
		m[row] = vector{columns[0][row], columns[1][row], columns[2][row]}
	}
	back, ok := m.inverse()
	if !ok {
		return m, false
	}
	white := p.White.xyz()
	m = m.scaled(back.times(white)) // so that all three together are white
	eye, _ := bradford.inverse()
	from, to := bradford.times(white), bradford.times(d50)
	m = eye.scaled(vector{to[0] / from[0], to[1] / from[1], to[2] / from[2]}).of(bradford).of(m)
	return m, m.representable()
}

// representable reports whether all numbers fit into a profile.
func (m matrix) representable() bool {
	for _, row := range m {
		for _, x := range row {
			if !(math.Abs(x) < 1<<14) { // neither infinite nor no number at all
				return false
			}
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

func (m matrix) column(i int) vector { return vector{m[0][i], m[1][i], m[2][i]} }

// of is the matrix that does first what n does, and then what m does.
func (m matrix) of(n matrix) (out matrix) {
	for i := range 3 {
		c := m.times(n.column(i))
		for row := range 3 {
			out[row][i] = c[row]
		}
	}
	return out
}

// scaled multiplies each column by a number.
func (m matrix) scaled(v vector) matrix {
	for row := range m {
		for i := range 3 {
			m[row][i] *= v[i]
		}
	}
	return m
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
