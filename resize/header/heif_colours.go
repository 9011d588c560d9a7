package header

import (
	"fmt"

	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
)

// colours reads what the colours are: an item's own properties say, or if it is put
// together from tiles, those of the first, or else what is coded.
func (r *heifReader) colours(item *heifItem) error {
	coded := item
	if item.kind == "grid" && len(item.tiles) > 0 {
		coded = r.item(item.tiles[0])
	}
	told := coded.coded.Colours
	for _, i := range []*heifItem{coded, item} {
		if p, ok := r.prop(i, "colr"); ok {
			r.h.ICC, r.h.Profile = true, p.profile
		}
		if p, ok := r.prop(i, "nclx"); ok {
			told = p.colours
		}
	}
	r.h.Gray = coded.coded.Grey
	if said := (CICP{told.Primaries, told.Transfer}); said != (CICP{2, 2}) { // unspecified
		r.h.CICP = said
	}
	r.h.Limited = r.h.Gray && told.Known && !told.Full
	if !r.h.Gray && told.Known && !decodedRight(told, r.h.Depth) {
		return fmt.Errorf("%w: matrix %d of %d bits, of all values: %t", ErrNotPicture, told.Matrix, r.h.Depth, told.Full)
	}
	return nil
}

// decodedRight reports whether libheif makes the right RGB of samples with a matrix of
// ITU-T H.273: it takes those that it does not know for that of BT.601.
func decodedRight(c bitstream.Colours, depth int) bool {
	switch c.Matrix {
	case 0: // RGB
		return c.Full
	case 8: // YCgCo
		return c.Full && depth == 8
	case 10, 11, 13, 14, 15, 16, 17: // constant luminance, YDzDx, ICtCp and younger ones
		return false
	}
	return true
}
