package storage

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Source is one --source: a chain of origins for the keys below a prefix, each a backend
// and its mirrors, nearest first.
type Source struct {
	Prefix string       // "" or ending with a slash
	URLs   [][]*url.URL // at least one of one; absolute, without a fragment
}

const sourceForm = "a source is PREFIX=URL[|URL…][,URL…], such as /=s3://bucket or avatars/=file:///srv/avatars"

// ParseSource reads PREFIX=URL[|URL…][,URL[|URL…]…]: what commas part is a Chain,
// and what bars part within it are Mirrors. Within a URL a comma is written %2C
// and a bar %7C. What a scheme means, and which parameters it takes, the children
// say that open it. Errors are one line, and quote nothing that could be a
// password.
func ParseSource(s string) (Source, error) {
	prefix, list, ok := strings.Cut(s, "=")
	if !ok || strings.Contains(prefix, "?") || strings.Contains(prefix, "://") {
		return Source{}, errors.New("the prefix is missing: " + sourceForm)
	}
	prefix, err := CleanPrefix(prefix)
	if err != nil {
		return Source{}, err
	}
	source := Source{Prefix: prefix}
	for link := range strings.SplitSeq(list, ",") {
		var mirrors []*url.URL
		for text := range strings.SplitSeq(link, "|") {
			u, err := parseBackend(text)
			if err != nil {
				return Source{}, err
			}
			mirrors = append(mirrors, u)
		}
		source.URLs = append(source.URLs, mirrors)
	}
	return source, nil
}

// UnmarshalText reads what ParseSource does.
func (s *Source) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSource(string(text))
	return err
}

func parseBackend(s string) (*url.URL, error) {
	if s == "" {
		return nil, errors.New("a URL is empty: " + sourceForm)
	}
	u, err := url.Parse(s)
	if err != nil {
		// url.Error quotes the whole URL.
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return nil, fmt.Errorf("not a URL: %w; %s", clip(err), sourceForm)
	}
	switch {
	case u.Scheme == "":
		return nil, errors.New("a URL has no scheme: write a directory as file:///srv/pictures, or file:pictures if it is relative")
	case u.User != nil:
		return nil, errors.New("a URL contains a user or password: do not put those on the command line or into logs")
	case strings.Contains(s, "#"):
		return nil, errors.New("a URL contains #: write %23 where it is part of a name")
	}
	return u, nil
}

// clip takes away what the errors of net/url quote, which may be a password.
func clip(err error) error {
	text, _, _ := strings.Cut(err.Error(), `"`)
	return errors.New(strings.TrimSpace(text))
}

// String spells the source as ParseSource reads it. The values of parameters
// that a scheme might refuse because they are secret are left out.
func (s Source) String() string {
	separators := strings.NewReplacer(",", "%2C", "|", "%7C")
	links := make([]string, len(s.URLs))
	for i, mirrors := range s.URLs {
		texts := make([]string, len(mirrors))
		for j, u := range mirrors {
			texts[j] = separators.Replace(RedactURL(u))
		}
		links[i] = strings.Join(texts, "|")
	}
	return "/" + s.Prefix + "=" + strings.Join(links, ",")
}

// RedactURL spells u with "xxxxx" for its password and for the values of
// parameters whose names sound secret, or that have an @, as a URL with a user has.
func RedactURL(u *url.URL) string {
	clean := *u
	if clean.RawQuery != "" {
		pairs := strings.Split(clean.RawQuery, "&")
		for i, pair := range pairs {
			name, value, _ := strings.Cut(pair, "=")
			if plain, err := url.QueryUnescape(name); err != nil || SoundsSecret(plain) || hasAt(value) {
				pairs[i] = name + "=xxxxx"
			}
		}
		clean.RawQuery = strings.Join(pairs, "&")
	}
	return clean.Redacted()
}

// hasAt reports whether the value of a parameter has an @, or cannot be read.
func hasAt(value string) bool {
	plain, err := url.QueryUnescape(value)
	return err != nil || strings.Contains(plain, "@")
}

// SoundsSecret reports whether a parameter's name is one that people give to
// credentials.
func SoundsSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(
		[]string{"secret", "key", "token", "passw", "pwd", "credential", "signature", "auth"},
		func(word string) bool { return strings.Contains(name, word) },
	)
}

// CheckParameters returns an error that names the parameters of u which are not
// among known or come twice, and lists the known ones. It quotes no values.
func CheckParameters(u *url.URL, known ...string) error {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("the parameters cannot be read: write ?name=value&name=value, with percent signs as %25")
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			unknown = append(unknown, strconv.Quote(name))
		} else if n := len(values[name]); n > 1 {
			return fmt.Errorf("parameter %q is given %d times", name, n)
		}
	}
	switch {
	case len(unknown) == 0:
		return nil
	case len(known) == 0:
		return fmt.Errorf("unknown parameter %s: a %s: URL takes none", strings.Join(unknown, ", "), u.Scheme)
	}
	return fmt.Errorf("unknown parameter %s: a %s: URL takes %s",
		strings.Join(unknown, ", "), u.Scheme, strings.Join(known, ", "))
}
