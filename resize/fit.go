package resize

import (
	"math"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// fit is the arithmetic of one picture in one box. Sizes are worked out in
// integers, so that a box is met exactly.
type fit struct {
	unit    int    // of the source are a pixel: 1, but of a drawing
	source  [2]int // sides of the upright picture
	region  Rect   // what the crop leaves of it
	box     [2]int // device pixels; 0 where a side is free
	mode    variant.Fit
	enlarge bool
	gravity variant.Gravity
	focal   [2]float64
	notes   *Notes
}

func newFit(h header.Header, v variant.Variant, region Rect, n *Notes) fit {
	w, height := h.Upright()
	boxW, boxH := v.Box()
	f := fit{
		unit: 1, source: [2]int{w, height}, region: region, box: [2]int{boxW, boxH}, mode: v.Fit,
		enlarge: v.Enlarge || h.Drawn(), gravity: v.Gravity, focal: [2]float64{v.FocalX, v.FocalY},
		notes: n,
	}
	if h.Drawn() {
		f.refine(h.Exact())
	}
	if boxW == 0 || boxH == 0 {
		f.mode = variant.FitNone
	} else if f.mode == variant.FitNone {
		f.mode = variant.FitCover
	}
	return f
}

// refine counts in parts of pixels, as far as SourceSideMax allows: a drawing of 8.5x11
// keeps its ratio, and a crop of it is as good as one in whole pixels of 9x11.
func (f *fit) refine(width, height float64) {
	for f.unit < 1000 && 10*float64(f.unit)*max(width, height) <= header.SourceSideMax {
		f.unit *= 10
	}
	exact := [2]int{round(width * float64(f.unit)), round(height * float64(f.unit))}
	x, y := ratio{exact[0], f.source[0]}, ratio{exact[1], f.source[1]}
	left, top := x.times(f.region.Left), y.times(f.region.Top)
	f.region = Rect{left, top, x.times(f.region.Left+f.region.Width) - left, y.times(f.region.Top+f.region.Height) - top}
	f.source = exact
}

func round(x float64) int { return max(1, int(x+0.5)) }

// plan fills in everything but the output.
func (f fit) plan() Plan {
	from := [2]int{f.region.Width, f.region.Height}
	scaled, cut, canvas := f.sizes(from)
	var p Plan
	x := f.axis(0, f.region.Left, from[0], scaled[0], cut[0], canvas[0])
	y := f.axis(1, f.region.Top, from[1], scaled[1], cut[1], canvas[1])
	p.ScaledW, p.ScaledH = x.whole, y.whole
	p.Cut = Rect{Left: x.start, Top: y.start, Width: cut[0], Height: cut[1]}
	p.CanvasW, p.CanvasH = canvas[0], canvas[1]
	p.OffsetX, p.OffsetY = x.offset, y.offset
	return p
}

// sizes decides, for a region with the sides from: what it is scaled to, what
// is cut of that, and the canvas.
func (f fit) sizes(from [2]int) (scaled, cut, canvas [2]int) {
	x, y := ratio{f.box[0], from[0]}, ratio{f.box[1], from[1]}
	switch f.mode {
	case variant.FitCover:
		box := f.shrinkBox(maxRatio(x, y))
		r := maxRatio(ratio{box[0], from[0]}, ratio{box[1], from[1]})
		scaled = atLeast(f.limit(r).of(from), box)
		return scaled, box, box
	case variant.FitFill:
		box := f.shrinkBox(maxRatio(x, y))
		return box, box, box
	case variant.FitContain:
		scaled = f.limit(minRatio(x, y)).of(from)
		return scaled, scaled, f.box
	case variant.FitInside:
		scaled = f.limit(minRatio(x, y)).of(from)
	case variant.FitOutside:
		scaled = f.limit(maxRatio(x, y)).of(from)
	default:
		scaled = f.limit(f.oneSide(x, y)).of(from)
	}
	return scaled, scaled, scaled
}

// oneSide is the ratio where at most one side is given.
func (f fit) oneSide(x, y ratio) ratio {
	switch {
	case f.box[0] > 0:
		return x
	case f.box[1] > 0:
		return y
	}
	return ratio{1, f.unit}
}

// limit returns r, or 1 if r enlarges and the variant does not allow that.
func (f fit) limit(r ratio) ratio {
	if r.more() && !f.enlarge {
		f.notes.NotEnlarged = true
		return ratio{1, 1}
	}
	return r
}

// shrinkBox makes the box smaller in its own ratio if filling it would enlarge
// the picture by r.
func (f fit) shrinkBox(r ratio) [2]int {
	if !r.more() || f.enlarge {
		return f.box
	}
	f.notes.NotEnlarged = true
	return ratio{r.den, r.num}.of(f.box)
}

// placed is what one axis of a plan comes to.
type placed struct{ whole, start, offset int }

// axis places one axis: the region begins at left and is from long in the
// source, and scaled long in the result, of which cut remains, on the canvas.
func (f fit) axis(i, left, from, scaled, cut, canvas int) placed {
	grow := ratio{scaled, from}
	whole := max(grow.times(f.source[i]), scaled)
	first := min(grow.times(left), whole-scaled)
	// A focal point at 1 is behind the last pixel, which is meant.
	point := f.focal[i]*float64(whole) - float64(first)
	return placed{
		whole:  whole,
		start:  first + f.slide(i, scaled, cut, point),
		offset: f.slideOnto(i, cut, canvas, point),
	}
}

// slide is where in length the window stands.
func (f fit) slide(i, length, window int, point float64) int {
	space := length - window
	if f.gravity == variant.GravityFocal {
		return f.clamp(i, point-float64(window)/2, space)
	}
	return share(space, GravityOffset(f.gravity, i))
}

// slideOnto is where on the canvas something shorter stands.
func (f fit) slideOnto(i, length, canvas int, point float64) int {
	space := canvas - length
	if f.gravity == variant.GravityFocal {
		return f.clamp(i, float64(canvas)/2-point, space)
	}
	return share(space, GravityOffset(f.gravity, i))
}

// clamp rounds x half up into 0..most, on axis i.
func (f fit) clamp(i int, x float64, most int) int {
	rounded := math.Floor(x + 0.5)
	if most > 0 && (rounded < 0 || rounded > float64(most)) {
		f.notes.FocalClamped[i] = true
	}
	if !(x > 0) { // also for NaN
		return 0
	}
	return int(min(rounded, float64(most)))
}

// GravityOffset is where a gravity pulls on an axis, in halves of the free space: 0 to
// the start, 1 to the middle, 2 to the end.
func GravityOffset(g variant.Gravity, axis int) int {
	halves := [...][2]int{
		variant.GravityCenter: {1, 1},
		variant.GravityN:      {1, 0}, variant.GravityNE: {2, 0}, variant.GravityE: {2, 1},
		variant.GravitySE: {2, 2}, variant.GravityS: {1, 2}, variant.GravitySW: {0, 2},
		variant.GravityW: {0, 1}, variant.GravityNW: {0, 0},
	}
	if int(g) >= len(halves) {
		return 1
	}
	return halves[g][axis]
}

// share returns that many halves of space, rounded down: of an odd space the larger part
// comes after.
func share(space, halves int) int { return space * halves / 2 }

// ratio is a scale, num/den, both at least 1 where it is used. With sides of
// at most SourceSideMax no product of two leaves 64 bits.
type ratio struct{ num, den int }

func (r ratio) more() bool { return r.num > r.den }

// times scales one side, rounding half up, to at least 1 unless it is 0.
func (r ratio) times(side int) int {
	if side == 0 {
		return 0
	}
	return int(max(1, (2*int64(side)*int64(r.num)+int64(r.den))/(2*int64(r.den))))
}

func (r ratio) of(sides [2]int) [2]int { return [2]int{r.times(sides[0]), r.times(sides[1])} }

func (r ratio) less(q ratio) bool { return int64(r.num)*int64(q.den) < int64(q.num)*int64(r.den) }

func minRatio(a, b ratio) ratio {
	if b.less(a) {
		return b
	}
	return a
}

func maxRatio(a, b ratio) ratio {
	if a.less(b) {
		return b
	}
	return a
}

func atLeast(a, b [2]int) [2]int { return [2]int{max(a[0], b[0]), max(a[1], b[1])} }
