package api

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// hints are what a browser tells of the place where it will show a picture (WICG,
// Responsive Image Client Hints), if the page it is on lets it. Both are rounded
// up to a few steps: each one is a picture to make and keep.
type hints struct {
	dpr   float64 // one of hintRatios; 0 if nothing was said
	width int     // device pixels, a multiple of hintStep up to hintMost; 0 if nothing was said
}

// hintRatios are the densities that are told apart: those of screens that are
// sold, and none beyond what an eye sees.
var hintRatios = [...]float64{1, 1.5, 2, 3, 4}

const (
	// hintSlack is by how much a density may exceed a ratio and still count as
	// that one: browsers send 2.0000000298.
	hintSlack = 1.05
	// hintMaxDPR is the greatest density that is believed.
	hintMaxDPR = 8
	// hintStep divides by all hintRatios into whole pixels.
	hintStep = 120
	// hintMost is the longest side that a hint makes, that of a 4K screen. Nobody
	// has written it into a page: the server must be able to make it of anything.
	hintMost = 3840
	// hintDigits is the longest number that is looked at.
	hintDigits = 24
)

// readHints reads the headers, those with the old names last.
func readHints(h http.Header) hints {
	return hints{
		dpr:   hintedRatio(lastOf(h, "Sec-Ch-Dpr", "Dpr")),
		width: hintedWidth(lastOf(h, "Sec-Ch-Width", "Width")),
	}
}

// lastOf is the last value of the first header that is there.
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

// hintedNumber reads a number greater than 0, without sign or exponent.
func hintedNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if len(s) > hintDigits || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil && x > 0
}

// apply puts what is hinted at where v leaves it open: the density where v says
// none (or 1), and the width where v says neither width nor height. Where sizes
// are given, in CSS pixels, only those come out, at a density that is allowed with
// them. The result is in normal form, as variant.Parse would give it.
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
	if w, _ := v.Box(); w > variant.MaxSide { // a size that is allowed, but not at this density
		return given
	}
	return v
}

// ratioFor is the density for v, 0 for 1: the one that is hinted at, or a lower
// one for what would have a side longer than hintMost.
func (h hints) ratioFor(v variant.Variant, limited bool) float64 {
	longest := float64(max(v.Width, v.Height) + 2*v.Pad)
	for i := len(hintRatios) - 1; i > 0; i-- {
		ratio := hintRatios[i]
		if ratio <= h.dpr && ratio*longest <= hintMost && (!limited || variant.LimitedDPR(ratio)) {
			return ratio
		}
	}
	return 0
}

// widthFor is the width in CSS pixels at a density.
func (h hints) widthFor(scale float64, sizes []int) int {
	css := float64(h.width) / scale
	if len(sizes) == 0 {
		return max(1, int(css+0.5))
	}
	best := 0
	for _, size := range sizes {
		enough, bestEnough := float64(size) >= css, float64(best) >= css
		if best == 0 || enough && (!bestEnough || size < best) || !enough && !bestEnough && size > best {
			best = size
		}
	}
	return best
}
