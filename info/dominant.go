package info

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// Bounds of what is told of the dominant colours.
const (
	maxColors = 6
	// clusters are looked for before those that look alike are put together.
	clusters = 10
	// rounds of moving each colour to the middle of what is nearest to it; later
	// ones change little.
	rounds = 6
	// alike is the distance, in OKLab, of two colours that one would call by the
	// same name; 0.02 can just be told apart side by side.
	alike = 0.07
	// minShare is of what is visible.
	minShare = 0.01
)

// dominant finds the colours that the picture is mostly of: clusters of its
// pixels in OKLab, where distances are as the eye sees them. It has no chance in
// it, so that the same picture has the same colours each time.
func dominant(m *image.NRGBA) []Color {
	points := visiblePoints(m)
	groups := cut(points)
	for range rounds {
		groups = gather(points, groups)
	}
	groups = join(groups)
	total := 0.0
	for _, p := range points {
		total += p.weight
	}
	colors := make([]Color, 0, maxColors)
	for _, g := range groups {
		share := math.Round(1000*g.weight/total) / 1000
		if share >= minShare && len(colors) < maxColors {
			colors = append(colors, Color{hex(fromOKLab(g.at)), share})
		}
	}
	return colors
}

// point is a colour in OKLab, and how much there is of it.
type point struct {
	at     [3]float64
	weight float64
}

func visiblePoints(m *image.NRGBA) []point {
	points := make([]point, 0, m.Rect.Dx()*m.Rect.Dy())
	for c, a := range pixels(m) {
		if a > 0 {
			points = append(points, point{toOKLab(c), a})
		}
	}
	return points
}

// cut is a median cut: the group that varies most is cut in two at its mean,
// until there are enough. It returns their middles.
func cut(points []point) []point {
	if len(points) == 0 {
		return nil
	}
	boxes := []box{newBox(slices.Clone(points))}
	for len(boxes) < clusters {
		widest := slices.MaxFunc(boxes, func(a, b box) int { return cmp.Compare(a.spread, b.spread) })
		if widest.spread < alike*alike/100*float64(len(points)) {
			break
		}
		i := slices.IndexFunc(boxes, func(b box) bool { return b.spread == widest.spread })
		low, high := boxes[i].halves()
		boxes[i] = low
		boxes = append(boxes, high)
	}
	middles := make([]point, len(boxes))
	for i, b := range boxes {
		middles[i] = b.middle
	}
	return middles
}

// box is a group of points.
type box struct {
	points []point
	middle point
	axis   int     // along which they vary most
	spread float64 // the sum of the squares of their distances there
}

func newBox(points []point) box {
	b := box{points: points, middle: middle(points)}
	var spreads [3]float64
	for _, p := range points {
		for i := range spreads {
			d := p.at[i] - b.middle.at[i]
			spreads[i] += p.weight * d * d
		}
	}
	for i, s := range spreads {
		if s > spreads[b.axis] {
			b.axis = i
		}
	}
	b.spread = spreads[b.axis]
	return b
}

// halves parts the points at their mean. Both halves have some, as there is a
// spread.
func (b box) halves() (low, high box) {
	n := 0
	for i, p := range b.points {
		if p.at[b.axis] < b.middle.at[b.axis] {
			b.points[i], b.points[n] = b.points[n], b.points[i]
			n++
		}
	}
	return newBox(b.points[:n]), newBox(b.points[n:])
}

func middle(points []point) point {
	var m point
	for _, p := range points {
		m.add(p)
	}
	return m
}

// add moves p to the middle of itself and q.
func (p *point) add(q point) {
	p.weight += q.weight
	for i := range p.at {
		p.at[i] += (q.at[i] - p.at[i]) * q.weight / p.weight
	}
}

// gather moves each middle to that of the points that are nearest to it (Lloyd's
// algorithm). One that none is nearest to is dropped.
func gather(points, middles []point) []point {
	next := make([]point, len(middles))
	for _, p := range points {
		nearest, least := 0, math.Inf(1)
		for i, m := range middles {
			if d := distance(p, m); d < least {
				nearest, least = i, d
			}
		}
		next[nearest].add(p)
	}
	return slices.DeleteFunc(next, func(p point) bool { return p.weight == 0 })
}

// distance is squared.
func distance(p, q point) float64 {
	sum := 0.0
	for i := range p.at {
		d := p.at[i] - q.at[i]
		sum += d * d
	}
	return sum
}

// join puts colours together that look alike, the rarer into the more frequent,
// and sorts by frequency.
func join(groups []point) []point {
	byWeight := func(a, b point) int { return cmp.Compare(b.weight, a.weight) }
	slices.SortStableFunc(groups, byWeight)
	var joined []point
	for _, g := range groups {
		i := slices.IndexFunc(joined, func(j point) bool { return distance(j, g) < alike*alike })
		if i < 0 {
			joined = append(joined, g)
		} else {
			joined[i].add(g)
		}
	}
	slices.SortStableFunc(joined, byWeight)
	return joined
}
