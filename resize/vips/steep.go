package vips

import (
	"github.com/h2non/bimg"

	"github.com/thumbery/thumbery/resize"
)

// steepest is how much more one side may shrink than the other in one pass.
// bimg shrinks both alike and leaves the difference to vips_reduce, which
// refuses masks of more than 2,000 points, that is, factors over 333.
const steepest = 100

// steep is the pass that must come first where one side is to shrink far more
// than the other: it brings that side so near to w or height that the rest can
// be done at once, or the next steep pass. ok is false where none is needed.
func steep(sw, sh, w, height int, icc bool) (o bimg.Options, ok bool) {
	x, y := gentler(sw, w, shrink(sh, height)), gentler(sh, height, shrink(sw, w))
	if x == sw && y == sh {
		return bimg.Options{}, false
	}
	o = bimg.Options{
		Width: x, Height: y, Force: true, Crop: true, Extend: bimg.ExtendCopy, NoAutoRotate: true, Type: bimg.TIFF,
	}
	if icc {
		o.OutputICC = "srgb"
	}
	return o, true
}

// gentler is the side to shrink to first; from, where the whole way to to is not
// too steep beside the other side, which shrinks by other.
func gentler(from, to int, other float64) int {
	limit := steepest * other
	if shrink(from, to) <= limit {
		return from
	}
	// As far as may be, or as near to the end as the last pass takes.
	return max(int(float64(from)/steepest)+1, int(float64(to)*limit))
}

// shrink is the factor by which a side becomes shorter; 1 where it does not.
func shrink(from, to int) float64 { return max(1, float64(from)/float64(to)) }

// gentle brings src to a shape that newPasses' first pass can take.
func gentle(src []byte, h resize.Header, p resize.Plan) (out []byte, done bool, err error) {
	w, height, _ := p.StoredPlan(h.Orientation)
	for sw, sh := h.Width, h.Height; ; done = true {
		o, ok := steep(sw, sh, w, height, icc(h) && !done)
		if !ok {
			return src, done, nil
		}
		if src, err = convert(src, o); err != nil {
			return nil, false, err
		}
		sw, sh = o.Width, o.Height
	}
}
