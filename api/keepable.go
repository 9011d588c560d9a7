package api

import (
	"net/http"
	"strconv"
	"strings"
)

// keepable reports that a cache in front may have the answer to a request, if it is
// hot: whole; with a URL that does not expire, as a cache asks nobody for permission;
// and under no name but its own, as anybody can think of many more for a picture that
// is hot, in a query, for saving it, or by other escapes.
func keepable(r *http.Request, q request) bool {
	return len(r.Header["Range"]) == 0 && q.expires.IsZero() && !q.variant.Download &&
		r.URL.RawQuery == "" && !r.URL.ForceQuery && plain(r.URL.RawPath)
}

// plain reports that a path, as it was sent, has no escape that is never needed, and
// spells all others alike. "" is what url.URL has for its own spelling. As some
// programs escape more than others, a path has a few that are plain.
func plain(path string) bool {
	if path == "" {
		return true
	}
	var asIs, escaped [256]bool
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c != '%' {
			asIs[c] = true
			continue
		}
		if i+2 >= len(path) || isLower(path[i+1]) || isLower(path[i+2]) {
			return false
		}
		n, err := strconv.ParseUint(path[i+1:i+3], 16, 8)
		if err != nil || isUnreserved(byte(n)) {
			return false
		}
		escaped[n] = true
		i += 2
	}
	for c := range asIs {
		if asIs[c] && escaped[c] {
			return false
		}
	}
	return true
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// isUnreserved is RFC 3986, 2.3: such a character means the same escaped.
func isUnreserved(c byte) bool {
	return isLower(c) || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
