package engine

import (
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/scans"
	"github.com/thumbery/thumbery/variant"
)

// By how much a picture is at least still to be reduced after its decoder has reduced it,
// unless the plan is Coarse: decoders do it worse than we do. vips_thumbnail leaves 2. Of a
// JPEG, less takes 10 to 15% less CPU, at a quality that is as good in the mean: see
// docs/benchmarks.md.
const (
	Headroom     = 2
	jpegHeadroom = 1.65
)

// Decoding is how a picture is decoded for a plan.
type Decoding struct {
	Header header.Header
	Plan   resize.Plan
}

// headroom is by how much a picture is still to be reduced once it is decoded.
func (d Decoding) headroom() float64 {
	switch {
	case d.Plan.Coarse:
		return 1
	case d.Header.Format == variant.JPEG && !d.Plan.Linear: // libjpeg averages samples, not light
		return jpegHeadroom
	}
	return Headroom
}

// Shrink is how many times smaller the picture may be loaded, for the side that
// shrinks less. Drawings are loaded at the very size, also a larger one.
func (d Decoding) Shrink() float64 {
	s := d.reduction()
	if d.Header.Drawn() {
		return s
	}
	return max(1, s/d.headroom())
}

// reduction is how many times smaller the picture becomes, on the side that shrinks less.
func (d Decoding) reduction() float64 {
	w, h, _ := d.Plan.StoredPlan(d.Header.Orientation)
	fromW, fromH := d.Header.Exact()
	return min(fromW/float64(w), fromH/float64(h))
}

// Left is how many times smaller the picture becomes after it was decoded so many times
// smaller. What is made of a mezzanine is at most half as large.
func (d Decoding) Left(shrink int) float64 {
	left := d.reduction() / float64(shrink)
	if d.Plan.Coarse {
		left *= Headroom
	}
	return left
}

// Scans is what becomes of a progressive JPEG that is decoded so many times smaller, for the
// plan and others. The plan that needs most of its samples counts, which may be another than
// the one that has to be loaded largest.
func (d Decoding) Scans(shrink int, others ...resize.Plan) scans.Use {
	least := d.Left(shrink)
	for _, p := range others {
		least = min(least, Decoding{d.Header, p}.Left(shrink))
	}
	return scans.Use{Shrink: shrink, Left: least}
}

// LeavesOutScans reports whether those scans of a JPEG are not decoded that its reduction
// does not need.
func (c Config) LeavesOutScans(h header.Header) bool {
	return h.Format == variant.JPEG && h.Progressive && !c.AllScans
}

// JPEGShrink is how many times smaller a JPEG is decoded, 1, 2, 4 or 8, if it may be that
// many times smaller.
func JPEGShrink(shrink float64) int {
	for _, s := range []int{8, 4, 2} {
		if shrink >= float64(s) {
			return s
		}
	}
	return 1
}
