package api

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// HotHeader is a header for caches in front of this server, which browsers ignore. It
// tells them which answers to keep.
type HotHeader struct {
	Name string // as net/http spells it
	Hot  string // its value for hot derivatives
	Cold string // its value for everything else; "" leaves the header out
}

// headerAccelExpires is nginx's header for how many seconds it may keep an answer.
const headerAccelExpires = "X-Accel-Expires"

var (
	hotHeaderName  = regexp.MustCompile(`^(X|Surrogate|Edge|[A-Za-z0-9-]+-Cache)-[A-Za-z0-9-]{1,60}$`)
	hotHeaderValue = regexp.MustCompile(`^[!-~]([ -~]{0,254}[!-~])?$`)
	wholeNumber    = regexp.MustCompile(`^([0-9]+)$`)
	maxAgeIn       = regexp.MustCompile(`(?i)(?:^|[,;\s])(?:s-maxage|max-age)=([0-9]+)`)
)

// reservedHeaders match hotHeaderName, but have a meaning of their own.
var reservedHeaders = []string{AccelHeader, "X-Sendfile", headerRequestID, headerNoSniff, headerProblem, headerNoAccel}

// UnmarshalText reads a header such as "X-Accel-Expires: 3600", and derives the
// value for cold derivatives: 0 for X-Accel-Expires, max-age=0 for Surrogate-Control,
// and no-store for headers of RFC 9213 such as CDN-Cache-Control. Other headers have
// none.
func (h *HotHeader) UnmarshalText(text []byte) error {
	name, value, ok := strings.Cut(string(text), ":")
	name, value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
	switch {
	case !ok || value == "":
		return fmt.Errorf("%q is not of the form NAME: VALUE, such as X-Accel-Expires: 3600", text)
	case !hotHeaderName.MatchString(name) || slices.Contains(reservedHeaders, name):
		return fmt.Errorf("%q is not a header for caches alone, such as X-Accel-Expires, Surrogate-Control or CDN-Cache-Control", name)
	case !hotHeaderValue.MatchString(value):
		return fmt.Errorf("the value of %s must be of up to 256 visible characters", name)
	}
	*h = HotHeader{Name: name, Hot: value}
	return h.setCold()
}

// setCold derives Cold. It returns an error if the header is known, and Hot has no
// lifetime.
func (h *HotHeader) setCold() error {
	lifetime, example := maxAgeIn, "max-age=3600"
	switch {
	case h.Name == headerAccelExpires:
		h.Cold, lifetime, example = "0", wholeNumber, "3600"
	case h.Name == "Surrogate-Control":
		h.Cold = "max-age=0"
	case strings.HasSuffix(h.Name, "-Cache-Control"):
		h.Cold = "no-store"
	default:
		return nil
	}
	if m := lifetime.FindStringSubmatch(h.Hot); m != nil {
		if n, err := strconv.ParseUint(m[1], 10, 31); err == nil && n > 0 {
			return nil
		}
	}
	return fmt.Errorf("%s: %q gives no lifetime in seconds: give %s", h.Name, h.Hot, example)
}

// TagHeader is the name of a header, as net/http spells it, by which caches in front of this
// server find all that they keep of one picture: Cache-Tag, Surrogate-Key or Xkey. Its value
// is the hash of the picture's key that its files in the cache bear, too.
type TagHeader string

// tagHeaderName keeps a slip from replacing a header that means something else.
var tagHeaderName = regexp.MustCompile(`(?i)^(xkey|([a-z0-9]{1,20}-){1,3}(tag|key)s?)$`)

// UnmarshalText reads the name in any case.
func (h *TagHeader) UnmarshalText(text []byte) error {
	if !tagHeaderName.Match(text) {
		return fmt.Errorf("%q is not a header for tags; examples: Cache-Tag, Surrogate-Key, xkey", text)
	}
	*h = TagHeader(http.CanonicalHeaderKey(string(text)))
	return nil
}

// setTags says which picture an answer is about. Caches keep some errors and redirects, too.
func (s *server) setTags(h http.Header, q request) {
	for _, name := range s.TagHeaders {
		h[string(name)] = q.tag
	}
}
