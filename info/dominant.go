package info

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// Parameters of the search for dominant colours.
const (
	maxColors = 6
	// clusters is their number before similar ones are merged.
	clusters = 10
	// rounds of k-means; later ones change little.
	rounds = 6
	// similar is the distance in OKLab of two colours that most people would give the same
	// name. At 0.02, they can just be told apart side by side.
	similar = 0.07
	// minShare of the visible pixels.
	minShare = 0.01
)

// dominant returns the dominant colours: clusters of the pixels in OKLab, where distances
// are perceptual. It is deterministic.
func dominant(m *image.NRGBA) []Color {
	points := visiblePoints(m)
	groups := medianCut(points)
	for range rounds {
		groups = kMeansStep(points, groups)
	}
	groups = mergeSimilar(groups)
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

// point is a colour and its weight.
type point struct {
	at     [3]float64 // OKLab
	weight float64    // in pixels
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

// medianCut splits the box with the greatest spread at its mean until there are enough
// boxes, and returns their means.
func medianCut(points []point) []point {
	if len(points) == 0 {
		return nil
	}
	boxes := []box{newBox(slices.Clone(points))}
	for len(boxes) < clusters {
		widest := slices.MaxFunc(boxes, func(a, b box) int { return cmp.Compare(a.spread, b.spread) })
		if widest.spread < similar*similar/100*float64(len(points)) {
			break
		}
		i := slices.IndexFunc(boxes, func(b box) bool { return b.spread == widest.spread })
		low, high := boxes[i].halves()
		boxes[i] = low
		boxes = append(boxes, high)
	}
	means := make([]point, len(boxes))
	for i, b := range boxes {
		means[i] = b.mean
	}
	return means
}

// box is a group of points.
type box struct {
	points []point
	mean   point
	axis   int     // that with the greatest spread
	spread float64 // the sum of the squared distances from the mean, along axis
}

func newBox(points []point) box {
	b := box{points: points, mean: mean(points)}
	var spreads [3]float64
	for _, p := range points {
		for i := range spreads {
			d := p.at[i] - b.mean.at[i]
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

// halves splits the points at their mean. Neither half is empty, as there is a spread.
func (b box) halves() (low, high box) {
	n := 0
	for i, p := range b.points {
		if p.at[b.axis] < b.mean.at[b.axis] {
			b.points[i], b.points[n] = b.points[n], b.points[i]
			n++
		}
	}
	return newBox(b.points[:n]), newBox(b.points[n:])
}

func mean(points []point) point {
	var m point
	for _, p := range points {
		m.add(p)
	}
	return m
}

// add moves p to the weighted mean of p and q.
func (p *point) add(q point) {
	p.weight += q.weight
	for i := range p.at {
		p.at[i] += (q.at[i] - p.at[i]) * q.weight / p.weight
	}
}

// kMeansStep moves each mean to that of the points that are nearest to it (Lloyd's
// algorithm), and drops means without points.
func kMeansStep(points, means []point) []point {
	next := make([]point, len(means))
	for _, p := range points {
		nearest, least := 0, math.Inf(1)
		for i, m := range means {
			if d := distance(p, m); d < least {
				nearest, least = i, d
			}
		}
		next[nearest].add(p)
	}
	return slices.DeleteFunc(next, func(p point) bool { return p.weight == 0 })
}

// distance is the squared Euclidean distance.
func distance(p, q point) float64 {
	sum := 0.0
	for i := range p.at {
		d := p.at[i] - q.at[i]
		sum += d * d
	}
	return sum
}

// mergeSimilar merges colours into more frequent similar ones, and sorts by frequency.
func mergeSimilar(groups []point) []point {
	byWeight := func(a, b point) int { return cmp.Compare(b.weight, a.weight) }
	slices.SortStableFunc(groups, byWeight)
	var merged []point
	for _, g := range groups {
		i := slices.IndexFunc(merged, func(m point) bool { return distance(m, g) < similar*similar })
		if i < 0 {
			merged = append(merged, g)
		} else {
			merged[i].add(g)
		}
	}
	slices.SortStableFunc(merged, byWeight)
	return merged
}
