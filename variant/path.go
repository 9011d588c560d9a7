package variant

import (
	"net/url"
	"strings"
)

// Path is a parsed URL path.
type Path struct {
	Signature Signature // zero if the path has none
	Ops       string    // the options segment as written, not yet parsed
	Key       Key
}

// ParsePath parses a percent-decoded path such as "/300x200/photos/cat.jpg". It returns an
// *Error of kind ErrOptions or ErrKey.
func ParsePath(path string) (Path, error) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return Path{}, &Error{Kind: ErrOptions, Reason: "the path does not begin with a slash"}
	}
	var p Path
	segment, after, _ := strings.Cut(rest, "/")
	if looksSigned(segment) {
		signature, err := parseSignature(segment)
		if err != nil {
			return Path{}, err
		}
		p.Signature = signature
		segment, after, _ = strings.Cut(after, "/")
	}
	key, err := ParseKey(after)
	if err != nil {
		return Path{}, err
	}
	p.Ops, p.Key = segment, key
	return p, nil
}

// String is the path, percent-encoded for use in a URL.
func (p Path) String() string {
	var b strings.Builder
	if p.Signature != (Signature{}) {
		b.WriteString("/" + p.Signature.String())
	}
	b.WriteString("/" + p.Ops)
	for segment := range strings.SplitSeq(string(p.Key), "/") {
		b.WriteString("/" + url.PathEscape(segment))
	}
	return b.String()
}
