package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// parseAccept parses Accept (RFC 9110, 12.5.1) for WebP, AVIF and JPEG XL. They count only
// if they are named, since clients that know nothing but JPEG send "*/*" and "image/*", too,
// and only with at least the weight of JPEG or PNG.
func parseAccept(values []string) variant.Accept {
	w := readWeights(values)
	classic := w.classic()
	return variant.NewAccept(func(f variant.Format) int {
		if q := w[typeOf[f]]; q >= classic {
			return q
		}
		return absent
	})
}

// The media ranges that are looked at, and their number.
const (
	typeWebP = iota
	typeAVIF
	typeJXL
	typeJPEG
	typePNG
	typeImage
	typeAny
	types
)

var typeOf = [...]int{variant.WebP: typeWebP, variant.AVIF: typeAVIF, variant.JXL: typeJXL}

// weights are the weights of media ranges, in thousandths, or absent.
type weights [types]int

const absent = -1

// classic is the greater weight of JPEG and PNG, as it is not known yet which of them the
// derivative would be; 0 if neither is accepted.
func (w *weights) classic() int {
	most := 0
	for _, exact := range [...]int{typeJPEG, typePNG} {
		for _, t := range [...]int{exact, typeImage, typeAny} { // the most specific range counts
			if w[t] != absent {
				most = max(most, w[t])
				break
			}
		}
	}
	return most
}

// readWeights skips malformed ranges. Of a range that occurs twice, the greater weight
// counts.
func readWeights(values []string) weights {
	w := weights{absent, absent, absent, absent, absent, absent, absent}
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			media, params, _ := strings.Cut(part, ";")
			t, known := mediaRange(strings.TrimSpace(media))
			if !known {
				continue
			}
			if q, ok := weightIn(params); ok {
				w[t] = max(w[t], q)
			}
		}
	}
	return w
}

var mediaRanges = [types]string{
	typeWebP: "image/webp", typeAVIF: "image/avif", typeJXL: "image/jxl",
	typeJPEG: "image/jpeg", typePNG: "image/png", typeImage: "image/*", typeAny: "*/*",
}

func mediaRange(media string) (t int, known bool) {
	t = slices.IndexFunc(mediaRanges[:], func(name string) bool { return strings.EqualFold(media, name) })
	return t, t >= 0
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
	for _, value := range values {
		token, _, _ := strings.Cut(value, ";")
		if strings.EqualFold(strings.TrimSpace(token), "on") {
			return true
		}
	}
	return false
}
