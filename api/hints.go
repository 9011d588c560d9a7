package api

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// hints say how a browser will show a picture (WICG, Responsive Image Client Hints), if
// the page allows it to. Both are rounded up to a few steps, since each value is another
// derivative.
type hints struct {
	dpr   float64 // one of hintRatios; 0 if there is no hint
	width int     // device pixels, a multiple of hintStep up to hintMost; 0 if there is no hint
}

// hintRatios are the densities of screens on the market, up to what an eye can see.
var hintRatios = [...]float64{1, 1.5, 2, 3, 4}

const (
	// hintSlack is the factor by which a density may exceed a ratio and still count as that
	// ratio: browsers send 2.0000000298.
	hintSlack = 1.05
	// hintMaxDPR is the greatest density that is not ignored.
	hintMaxDPR = 8
	// hintStep divided by any of hintRatios is a whole number.
	hintStep = 120
	// hintMost is the longest side that a hint can lead to, that of a 4K screen. No author
	// has tried it, so it must be possible with every original.
	hintMost = 3840
	// hintDigits is the length of the longest number that is not ignored.
	hintDigits = 24
)

// readHints parses the headers. The newer names have priority.
func readHints(h http.Header) hints {
	return hints{
		dpr:   hintedRatio(lastOf(h, "Sec-Ch-Dpr", "Dpr")),
		width: hintedWidth(lastOf(h, "Sec-Ch-Width", "Width")),
	}
}

// lastOf returns the last value of the first header that exists.
func lastOf(h http.Header, names ...string) string {
	for _, name := range names {
		if values := h[name]; len(values) > 0 {
			return values[len(values)-1]
		}
	}
	return ""
}

func hintedRatio(s string) float64 {
	x, ok := hintedNumber(s)
	if !ok || x > hintMaxDPR {
		return 0
	}
	for _, ratio := range hintRatios {
		if x <= ratio*hintSlack {
			return ratio
		}
	}
	return hintRatios[len(hintRatios)-1]
}

func hintedWidth(s string) int {
	x, ok := hintedNumber(s)
	if !ok {
		return 0
	}
	return int(math.Ceil(min(x, hintMost)/hintStep)) * hintStep
}

// hintedNumber parses a number greater than 0, without sign or exponent.
func hintedNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if len(s) > hintDigits || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil && x > 0
}

// apply fills in what v leaves open: the density if v has none (or 1), and the width if
// v has neither width nor height. If there are sizes, in CSS pixels, only they and the
// densities permitted with them are used. The result is in normal form, as that of
// variant.Parse.
func (h hints) apply(v variant.Variant, sizes []int) variant.Variant {
	given, spaced := v, v.Pad > 0 || v.Round > 0
	sized := v.Width > 0 || v.Height > 0
	if v.DPR == 0 {
		v.DPR = h.ratioFor(v, len(sizes) > 0)
	}
	if !sized && h.width > 0 {
		sized = true
		v.Width = h.widthFor(v.Scale(), sizes)
		if w, _ := v.Box(); !spaced {
			v.Width, v.DPR = w, 0
		}
	}
	if !sized && !spaced {
		v.DPR = 0
	}
	if w, _ := v.Box(); w > variant.MaxSide { // the size is permitted, but not at this density
		return given
	}
	return v
}

// ratioFor is the density for v, with 0 for 1: that of the hint, or a lower one if a side
// would be longer than hintMost.
func (h hints) ratioFor(v variant.Variant, limited bool) float64 {
	longest := float64(max(v.Width, v.Height) + 2*v.Pad)
	for _, ratio := range slices.Backward(hintRatios[1:]) {
		if ratio <= h.dpr && ratio*longest <= hintMost && (!limited || variant.LimitedDPR(ratio)) {
			return ratio
		}
	}
	return 0
}

// widthFor is the width in CSS pixels at a density: of sizes the least that is enough, or else
// the greatest.
func (h hints) widthFor(scale float64, sizes []int) int {
	css := float64(h.width) / scale
	if len(sizes) == 0 {
		return max(1, int(css+0.5))
	}
	best := slices.Max(sizes)
	for _, size := range sizes {
		if float64(size) >= css {
			best = min(best, size)
		}
	}
	return best
}
