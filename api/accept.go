package api

import (
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// parseAccept reads Accept (RFC 9110, 12.5.1) for the modern formats. Only what
// is named counts, and not with q=0: "*/*" and "image/*" are sent by clients
// that know nothing but JPEG, too.
func parseAccept(values []string) variant.Accept {
	var a variant.Accept
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			media, params, _ := strings.Cut(part, ";")
			if flag := acceptFlag(strings.TrimSpace(media)); flag != 0 && accepted(params) {
				a |= flag
			}
		}
	}
	return a
}

func acceptFlag(media string) variant.Accept {
	switch {
	case strings.EqualFold(media, "image/webp"):
		return variant.AcceptWebP
	case strings.EqualFold(media, "image/avif"):
		return variant.AcceptAVIF
	}
	return 0
}

// accepted reports that the weight among the parameters is not 0. A weight that
// is malformed is none.
func accepted(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return err == nil && q > 0 && q <= 1
	}
	return true
}
