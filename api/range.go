package api

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// maxRanges is how many ranges a request may have, since each costs a header in the
// answer. A request with more gets the whole body (RFC 9110, 14.2).
const maxRanges = 8

// byteRange is a range-spec of RFC 9110, 14.1.1. A position that does not fit into 63 bits
// is the largest that does.
type byteRange struct {
	first int64 // noPosition: the range is the last bytes of the body, as many as last says
	last  int64 // noPosition: the range ends with the body
}

const noPosition = -1

// rangeRequest returns r with a Range header, or without one, that http.ServeContent
// answers as RFC 9110 says for a body of size bytes: by itself it refuses ranges that are
// to be ignored or clamped. A date in If-Range counts only if strongDate says that dates
// are strong validators (13.1.5).
func rangeRequest(r *http.Request, size int64, strongDate bool) *http.Request {
	values := r.Header["Range"]
	if len(values) == 0 {
		return r
	}
	clean := r.WithContext(r.Context())
	clean.Header = maps.Clone(r.Header)
	delete(clean.Header, "Range")
	ranges, ok := parseRanges(values)
	if !ok || r.Method != http.MethodGet || size == 0 || !strongDate && isDate(r.Header.Get("If-Range")) {
		return clean
	}
	clean.Header["Range"] = []string{formatRanges(ranges, size)}
	return clean
}

// isDate reports that the value of an If-Range header is a date, not an entity tag.
func isDate(ifRange string) bool {
	return ifRange != "" && !strings.HasPrefix(ifRange, `"`) && !strings.HasPrefix(ifRange, `W/`)
}

// singleRange reports that a Range header has one range, in a form that every server
// understands: no list, no space, no position beyond 64 bits, and not the last 0 bytes.
func singleRange(values []string) bool {
	ranges, ok := parseRanges(values)
	if !ok || strings.ContainsAny(values[0], ", \t") {
		return false
	}
	r := ranges[0]
	return max(r.first, r.last) < math.MaxInt64 && r != (byteRange{noPosition, 0})
}

// parseRanges parses the values of Range. ok is false if they are to be ignored: the unit
// is unknown, a range-spec is invalid, there are more than maxRanges, or two headers.
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

// parsePosition accepts digits only, which strconv.ParseUint does not check once the number
// does not fit.
func parsePosition(digits string) (n int64, ok bool) {
	if strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	u, err := strconv.ParseUint(digits, 10, 63) // which returns the maximum with ErrRange
	return int64(u), err == nil || errors.Is(err, strconv.ErrRange)
}

// formatRanges formats the ranges that overlap with a body of size bytes, clamped to it. If
// none does, it returns a range that is not satisfiable.
func formatRanges(ranges []byteRange, size int64) string {
	var parts []string
	for _, r := range ranges {
		if first, last := r.within(size); first <= last {
			parts = append(parts, fmt.Sprintf("%d-%d", first, last))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%d-", size))
	}
	return "bytes=" + strings.Join(parts, ",")
}

// within clamps the range to a body of size bytes. If they do not overlap, first is
// greater than last.
func (r byteRange) within(size int64) (first, last int64) {
	switch {
	case r.first == noPosition:
		return size - min(r.last, size), size - 1
	case r.last == noPosition:
		return r.first, size - 1
	}
	return r.first, min(r.last, size-1)
}
