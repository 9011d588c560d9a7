package api

import (
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// parseAccept reads Accept (RFC 9110, 12.5.1) for the modern formats. Only what
// is named counts, and not with less weight than the formats that everyone reads:
// "*/*" and "image/*" are sent by clients that know nothing but JPEG, too. Where
// both have the same weight, AVIF is the better one.
func parseAccept(values []string) variant.Accept {
	w := readWeights(values)
	plain := w.plain()
	var a variant.Accept
	if webp := w[typeWebP]; webp > 0 && webp >= plain {
		a |= variant.AcceptWebP
	}
	if avif := w[typeAVIF]; avif > 0 && avif >= plain {
		a |= variant.AcceptAVIF
	}
	if a == variant.AcceptWebP|variant.AcceptAVIF && w[typeWebP] > w[typeAVIF] {
		a |= variant.PreferWebP
	}
	return a
}

// The media ranges that matter, and their number.
const (
	typeWebP = iota
	typeAVIF
	typeJPEG
	typePNG
	typeImage
	typeAny
	types
)

// weights are those of the media ranges, in thousandths; absent is what is not
// there.
type weights [types]int

const absent = -1

// plain is the weight of the formats that everyone reads, of which it is not
// known yet which one would come out: 0 where they are not accepted, or nothing
// is said of them.
func (w *weights) plain() int {
	most := 0
	for _, exact := range [...]int{typeJPEG, typePNG} {
		for _, t := range [...]int{exact, typeImage, typeAny} { // the most exact one counts
			if w[t] != absent {
				most = max(most, w[t])
				break
			}
		}
	}
	return most
}

// readWeights passes over what is malformed. Of a range that is there twice, the
// greater weight counts.
func readWeights(values []string) weights {
	w := weights{absent, absent, absent, absent, absent, absent}
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

func mediaRange(media string) (t int, known bool) {
	switch {
	case media == "*/*":
		return typeAny, true
	case media == "image/*":
		return typeImage, true
	case strings.EqualFold(media, "image/webp"):
		return typeWebP, true
	case strings.EqualFold(media, "image/avif"):
		return typeAVIF, true
	case strings.EqualFold(media, "image/jpeg"):
		return typeJPEG, true
	case strings.EqualFold(media, "image/png"):
		return typePNG, true
	}
	return 0, false
}

// weightIn finds the weight among parameters: 1000 if there is none.
func weightIn(params string) (q int, ok bool) {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			return parseWeight(strings.TrimSpace(value))
		}
	}
	return 1000, true
}

// parseWeight reads a qvalue: 0 or 1, and up to three decimals (RFC 9110, 12.4.2).
func parseWeight(s string) (thousandths int, ok bool) {
	whole, decimals, _ := strings.Cut(s, ".")
	if whole != "0" && whole != "1" || len(decimals) > 3 {
		return 0, false
	}
	if whole == "1" {
		thousandths = 1000
	}
	for i, place := 0, 100; i < len(decimals); i, place = i+1, place/10 {
		digit := int(decimals[i]) - '0'
		if digit < 0 || digit > 9 {
			return 0, false
		}
		thousandths += digit * place
	}
	return thousandths, thousandths <= 1000
}

// savesData reports whether a client asks for few bytes: Save-Data, whose only
// value with a meaning is the token "on" (WICG, Save Data API).
func savesData(values []string) bool {
	for _, value := range values {
		token, _, _ := strings.Cut(value, ";")
		if strings.EqualFold(strings.TrimSpace(token), "on") {
			return true
		}
	}
	return false
}
