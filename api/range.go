package api

import (
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// maxRanges is how many parts of a body one request may ask for. Each part costs a
// header of its own; a request for more gets the whole body (RFC 9110, 14.2).
const maxRanges = 8

// byteRange is a range-spec of RFC 9110, 14.1.1. A position that does not fit is the
// largest that does.
type byteRange struct {
	first int64 // noPosition: the last bytes, as many as last says
	last  int64 // noPosition: up to the end
}

const noPosition = -1

// rangeRequest returns r with a Range header that http.ServeContent answers as RFC
// 9110 says, for a body of size bytes: it refuses what is to be ignored or clamped. A
// date in If-Range counts only where dates are strong validators (13.1.5).
func rangeRequest(r *http.Request, size int64, strongDate bool) *http.Request {
	values := r.Header["Range"]
	if len(values) == 0 {
		return r
	}
	plain := r.WithContext(r.Context())
	plain.Header = maps.Clone(r.Header)
	delete(plain.Header, "Range")
	ranges, ok := parseRanges(values)
	if !ok || r.Method != http.MethodGet || size == 0 || !strongDate && isDate(r.Header.Get("If-Range")) {
		return plain
	}
	plain.Header["Range"] = []string{formatRanges(ranges, size)}
	return plain
}

// isDate reports that the value of an If-Range header is no entity tag.
func isDate(ifRange string) bool {
	return ifRange != "" && !strings.HasPrefix(ifRange, `"`) && !strings.HasPrefix(ifRange, `W/`)
}

// singleRange reports that a Range header asks for one part, in a way that every server
// understands: no list, no space, no position beyond 64 bits, and not the last 0 bytes.
func singleRange(values []string) bool {
	ranges, ok := parseRanges(values)
	if !ok || strings.ContainsAny(values[0], ", \t") {
		return false
	}
	r := ranges[0]
	return max(r.first, r.last) < math.MaxInt64 && r != (byteRange{noPosition, 0})
}

// parseRanges reads the values of Range. What is not ok is to be ignored: an unknown
// unit, an invalid range-spec, more than maxRanges of them, a second header.
func parseRanges(values []string) (ranges []byteRange, ok bool) {
	if len(values) != 1 {
		return nil, false
	}
	unit, set, _ := strings.Cut(values[0], "=")
	if !strings.EqualFold(unit, "bytes") {
		return nil, false
	}
	for spec := range strings.SplitSeq(set, ",") {
		if spec = strings.Trim(spec, " \t"); spec == "" { // an empty element of a list (5.6.1)
			continue
		}
		r, ok := parseRange(spec)
		if !ok || len(ranges) == maxRanges {
			return nil, false
		}
		ranges = append(ranges, r)
	}
	return ranges, len(ranges) > 0
}

func parseRange(spec string) (r byteRange, ok bool) {
	first, last, dash := strings.Cut(spec, "-")
	if !dash || first == "" && last == "" {
		return r, false
	}
	r, firstOK, lastOK := byteRange{noPosition, noPosition}, true, true
	if first != "" {
		r.first, firstOK = parsePosition(first)
	}
	if last != "" {
		r.last, lastOK = parsePosition(last)
	}
	return r, firstOK && lastOK && (first == "" || last == "" || r.first <= r.last)
}

// parsePosition reads digits, and nothing else: strconv.ParseUint looks at no more of
// them once the number does not fit.
func parsePosition(digits string) (n int64, ok bool) {
	if strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	u, err := strconv.ParseUint(digits, 10, 63) // which returns the maximum with ErrRange
	return int64(u), err == nil || errors.Is(err, strconv.ErrRange)
}

// formatRanges writes those ranges that a body of size bytes has something of, with
// both positions within it; if it has none of them, one that is not satisfiable.
func formatRanges(ranges []byteRange, size int64) string {
	b := []byte("bytes=")
	for _, r := range ranges {
		first, last := r.within(size)
		if first > last {
			continue
		}
		b = append(strconv.AppendInt(b, first, 10), '-')
		b = append(strconv.AppendInt(b, last, 10), ',')
	}
	if b[len(b)-1] == '=' {
		b = append(strconv.AppendInt(b, size, 10), '-')
	}
	return strings.TrimSuffix(string(b), ",")
}

// within returns the positions of the part in a body of size bytes; first is greater
// than last if there is none.
func (r byteRange) within(size int64) (first, last int64) {
	switch {
	case r.first == noPosition:
		return size - min(r.last, size), size - 1
	case r.last == noPosition:
		return r.first, size - 1
	}
	return r.first, min(r.last, size-1)
}
