package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// parseAccept parses Accept (RFC 9110, 12.5.1) for WebP, AVIF and JPEG XL. They count only
// if they are named, since clients that know nothing but JPEG send "*/*" and "image/*", too,
// and only with at least the weight of JPEG or PNG: of the greater, as it is not known yet
// which of them the derivative would be.
func parseAccept(values []string) variant.Accept {
	w := readWeights(values)
	classic := max(w.of("image/jpeg", "image/*", "*/*"), w.of("image/png", "image/*", "*/*"))
	return variant.NewAccept(func(f variant.Format) int {
		if q := w.of("image/" + f.String()); q >= classic {
			return q
		}
		return 0
	})
}

// mediaRanges are those that are looked at.
var mediaRanges = [...]string{"image/webp", "image/avif", "image/jxl", "image/jpeg", "image/png", "image/*", "*/*"}

// weights are those of mediaRanges, in thousandths and with 1 added; 0 if one is not there.
type weights [len(mediaRanges)]int

// of is the weight of the first of some ranges that is there; 0 if none is.
func (w *weights) of(ranges ...string) int {
	for _, media := range ranges {
		if q := w[slices.Index(mediaRanges[:], media)]; q > 0 {
			return q - 1
		}
	}
	return 0
}

// readWeights skips malformed ranges. Of a range that occurs twice, the greater weight
// counts.
func readWeights(values []string) (w weights) {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			media, params, _ := strings.Cut(part, ";")
			i := slices.Index(mediaRanges[:], strings.ToLower(strings.TrimSpace(media)))
			if q, ok := weightIn(params); ok && i >= 0 {
				w[i] = max(w[i], q+1)
			}
		}
	}
	return w
}

// weightIn returns the weight among parameters, 1000 if there is none.
func weightIn(params string) (q int, ok bool) {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			return parseWeight(strings.TrimSpace(value))
		}
	}
	return 1000, true
}

// parseWeight parses a qvalue: 0 or 1, and up to three decimals (RFC 9110, 12.4.2).
func parseWeight(s string) (thousandths int, ok bool) {
	whole, decimals, _ := strings.Cut(s, ".")
	if whole != "0" && whole != "1" || len(decimals) > 3 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+(decimals + "000")[:3], 10, 16)
	return int(n), err == nil && n <= 1000
}

// savesData reports whether a client asks for fewer bytes: Save-Data with the token "on",
// its only defined value (WICG, Save Data API).
func savesData(values []string) bool {
	return slices.ContainsFunc(values, func(value string) bool {
		token, _, _ := strings.Cut(value, ";")
		return strings.EqualFold(strings.TrimSpace(token), "on")
	})
}
