package api

import (
	"net/http"
	"strconv"
	"strings"
)

// isCanonical reports that a cache in front may keep the answer to a request: it is the
// whole body; the URL does not expire, which the cache would not check; and the URL has
// no second spelling, since a client could fill the cache with copies of a hot derivative
// under URLs with other queries, download names or escapes.
func isCanonical(r *http.Request, q request) bool {
	return len(r.Header["Range"]) == 0 && q.expires.IsZero() && !q.variant.Download &&
		r.URL.RawQuery == "" && !r.URL.ForceQuery && hasPlainEscapes(r.URL.RawPath)
}

// hasPlainEscapes reports that a path escapes in upper case, escapes no unreserved
// character, and no character that it also has unescaped. Clients differ in which
// others they escape, so a path has a few such spellings. rawPath is url.URL.RawPath: ""
// if the path has the escapes of the standard library.
func hasPlainEscapes(rawPath string) bool {
	if rawPath == "" {
		return true
	}
	var literal, escaped [256]bool
	for i := 0; i < len(rawPath); i++ {
		c := rawPath[i]
		if c != '%' {
			literal[c] = true
			continue
		}
		if i+2 >= len(rawPath) || isLower(rawPath[i+1]) || isLower(rawPath[i+2]) {
			return false
		}
		n, err := strconv.ParseUint(rawPath[i+1:i+3], 16, 8)
		if err != nil || isUnreserved(byte(n)) {
			return false
		}
		escaped[n] = true
		i += 2
	}
	for c := range literal {
		if literal[c] && escaped[c] {
			return false
		}
	}
	return true
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// isUnreserved is RFC 3986, 2.3: such a character means the same if it is escaped.
func isUnreserved(c byte) bool {
	return isLower(c) || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
