package vips

import (
	"testing"

	"github.com/thumbery/thumbery/resize/resizetest"
)

// TestShrunkInPlace: a JPEG whose sides are no multiples of what libjpeg shrinks it by looks
// as a PNG does, which is reduced by libvips alone: its right and lower part have not moved.
func TestShrunkInPlace(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, rest := range []int{5, 7} {
		m := scene(800+rest, 600+rest)
		of := func(src []byte) []byte { out, _ := makeOf(t, e, src, "56x,f_png"); return out }
		_, worst := differ(t, decoded(t, e, of(resizetest.JPEG(m))), decoded(t, e, of(resizetest.PNG(m))))
		if worst > 24 { // where it was stretched over what is missing, 38 and 53
			t.Errorf("%d pixels more than a multiple of 8: %d off at worst", rest, worst)
		}
	}
}
