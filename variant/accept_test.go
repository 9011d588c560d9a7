package variant

import (
	"slices"
	"testing"
)

// Names on disk depend on these numbers.
func TestAcceptNumbers(t *testing.T) {
	t.Parallel()
	for want, a := range map[Accept]Accept{1: AcceptWebP, 2: AcceptAVIF, 4: PreferWebP, 8: SaveData, 16: AcceptJXL} {
		if a != want {
			t.Errorf("%d became %d", want, a)
		}
	}
}

// Of all weights, the order is that of the weights, and of equal ones AVIF, JPEG XL, WebP.
func TestAcceptFormats(t *testing.T) {
	t.Parallel()
	order := []Format{AVIF, JXL, WebP}
	different := map[Accept]bool{}
	for avif := range 4 {
		for jxl := range 4 {
			for webp := range 4 {
				weights := map[Format]int{AVIF: avif, JXL: jxl, WebP: webp}
				want := slices.DeleteFunc(slices.Clone(order), func(f Format) bool { return weights[f] == 0 })
				slices.SortStableFunc(want, func(x, y Format) int { return weights[y] - weights[x] })
				a := NewAccept(func(f Format) int { return weights[f] })
				if got := a.Formats(); !slices.Equal(got, want) || a >= Accepts {
					t.Errorf("%v gives %b, %v, want %v", weights, a, got, want)
				}
				for _, less := range order {
					weights[less] = 0
					want := NewAccept(func(f Format) int { return weights[f] })
					if got := a.Only(func(f Format) bool { return f != less }); got != want {
						t.Errorf("%b without %v: %b, want %b", a, less, got, want)
					}
					weights[less] = map[Format]int{AVIF: avif, JXL: jxl, WebP: webp}[less]
				}
				different[a] = true
			}
		}
	}
	if len(different) != 16 { // and as many that save data
		t.Errorf("%d different values", len(different))
	}
}
