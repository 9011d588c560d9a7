package header

import (
	"fmt"
	"math"
	"slices"

	"github.com/thumbery/thumbery/resize/internal/source"
)

// transform reads how an item's container cuts, turns and mirrors it, in the order in
// which it says so: clap, irot, imir.
func (r *heifReader) transform(item *heifItem) error {
	r.h.Orientation = 1
	for _, i := range item.props {
		switch p := r.props[i]; p.kind {
		case "clap":
			if r.h.Orientation != 1 {
				return fmt.Errorf("%w: it is cut after it is turned", ErrNotPicture)
			}
			if err := r.h.cut(p.clap); err != nil {
				return err
			}
		case "irot":
			for range p.a {
				r.h.Orientation = turnedLeft[r.h.Orientation]
			}
		case "imir":
			r.h.Orientation = mirrored[p.a][r.h.Orientation]
		}
	}
	return nil
}

// What each orientation of EXIF, 1 to 8, becomes by a quarter turn to the left, and by
// exchanging top and bottom, or left and right.
var (
	turnedLeft = [9]int{1: 8, 5, 6, 7, 4, 1, 2, 3}
	mirrored   = [2][9]int{{1: 4, 3, 2, 1, 8, 7, 6, 5}, {1: 2, 1, 4, 3, 6, 5, 8, 7}}
)

// transforms reports whether an item is to be cut, turned or mirrored.
func (r *heifReader) transforms(item *heifItem) bool {
	return slices.ContainsFunc(item.props, func(i int) bool {
		p := r.props[i]
		return p.kind == "clap" || p.kind == "irot" && p.a != 0 || p.kind == "imir"
	})
}

// clap reads four fractions, of which the last two may be negative.
func (c *cursor) clap() (all [4]float64) {
	for i := range all {
		n, d := float64(c.uint(4)), float64(c.uint(4))
		if i >= 2 {
			n = float64(int32(uint32(n)))
		}
		if c.err == nil && d == 0 {
			c.err = source.Broken("it is cut by a fraction of nothing")
		}
		all[i] = n / d
	}
	return all
}

// cut leaves only part of the picture. What of that lies outside is passed over.
func (h *Header) cut(clap [4]float64) error {
	if h.Whole == (Whole{}) {
		h.Whole = Whole{Width: h.Width, Height: h.Height}
	}
	left, width := span(h.Width, clap[0], clap[2])
	top, height := span(h.Height, clap[1], clap[3])
	if width < 1 || height < 1 {
		return source.Broken("it is cut to nothing")
	}
	h.Whole.Left, h.Whole.Top = h.Whole.Left+left, h.Whole.Top+top
	h.Width, h.Height = width, height
	return nil
}

// span is where, on a side, so many pixels begin whose middle is off from that of the side,
// and how many of them there are.
func span(side int, pixels, off float64) (start, n int) {
	from := int(math.Floor(off + (float64(side)-pixels)/2 + 0.5))
	start = max(from, 0)
	return start, min(from+int(pixels+0.5), side) - start
}
