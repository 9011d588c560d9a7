package api

import (
	"fmt"
	"net/http"
	"regexp"
)

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
