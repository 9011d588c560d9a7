package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// coat covers a shape with tapered hairs.
type coat struct {
	hairs  int
	length float64
	width  float64
	flow   func(x, y float64) (dx, dy float64) // where hair points; any length
	colour func(x, y float64) rgb
	order  func(x, y float64) float64 // the smallest is drawn first, lowest in the pile
}

// grow draws the coat inside p; the tips stand over its edge.
func (c *canvas) grow(p path, rng *rand.Rand, k coat) {
	roots := c.scatter(p, rng, k.hairs)
	slices.SortStableFunc(roots, func(a, b point) int {
		return cmp.Compare(k.order(a.x, a.y), k.order(b.x, b.y))
	})
	for _, r := range roots {
		dx, dy := k.flow(r.x, r.y)
		angle := math.Atan2(dy, dx) + (rng.Float64()-0.5)*0.6
		l := k.length * (0.6 + 0.8*rng.Float64())
		bend := angle + (rng.Float64()-0.5)*0.5
		mid := point{r.x + math.Cos(angle)*l/2, r.y + math.Sin(angle)*l/2}
		tip := point{mid.x + math.Cos(bend)*l/2, mid.y + math.Sin(bend)*l/2}
		shine := 0.84 + 0.3*rng.Float64()
		c.fill(stroke(r, mid, tip, k.width), veil(k.colour(r.x, r.y).lit(shine), 0.85))
	}
}

// scatter gives n random points inside p.
func (c *canvas) scatter(p path, rng *rand.Rand, n int) []point {
	m := c.mask(p, 0)
	if m.box.Empty() {
		return nil
	}
	var out []point
	for range 100 * n {
		x := m.box.Min.X + rng.IntN(m.box.Dx())
		y := m.box.Min.Y + rng.IntN(m.box.Dy())
		if m.at(x, y) > 0.5 {
			out = append(out, point{(float64(x) + rng.Float64()) / c.scale, (float64(y) + rng.Float64()) / c.scale})
		}
		if len(out) == n {
			break
		}
	}
	return out
}
