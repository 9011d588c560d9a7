// Package frontcache purges forgotten pictures from the caches in front of the server:
// from Varnish, and from content delivery networks. Every answer about a picture bears the
// picture's tag, and a request with tags removes all that bears one of them.
package frontcache

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// Settings say how pictures are purged in one cache. URL, Body and the values of Headers
// are templates of text/template: see batch for their data, and form for their functions.
type Settings struct {
	// Name is the cache's name in the log, in metrics and in the names of files: lower-case
	// letters, digits and . : _ -, at most 64. The default is the host of URL.
	Name string `toml:"name"`
	// Method is POST if it is empty.
	Method  string            `toml:"method"`
	URL     string            `toml:"url"`
	Headers map[string]string `toml:"headers"`
	Body    string            `toml:"body"`
	// MaxTags is the most tags of a request, 1 to 1000; 0 is 100.
	MaxTags int `toml:"max-tags"`
	// PerMinute is how many requests a minute may be sent, after Burst of them at once. 0
	// is 600, and as many at once as are allowed in a second.
	PerMinute float64 `toml:"per-minute"`
	Burst     int     `toml:"burst"`
	// AWS is the service of Amazon that a request is signed for, and its region, with a
	// space between them.
	AWS string `toml:"aws"`
}

const (
	defaultMaxTags   = 100
	mostTags         = 1000
	defaultPerMinute = 600
)

var awsScope = regexp.MustCompile(`^([a-z0-9-]+ [a-z0-9-]+)?$`)

func (s *Settings) check() error {
	switch {
	case s.URL == "":
		return errors.New("url: is missing")
	case s.MaxTags < 0 || s.MaxTags > mostTags:
		return fmt.Errorf("max-tags: must be from 1 to %d", mostTags)
	case !(s.PerMinute >= 0 && s.PerMinute <= 1e6):
		return errors.New("per-minute: must be more than 0, and at most a million")
	case s.Burst < 0:
		return errors.New("burst: must be at least 1")
	case !awsScope.MatchString(s.AWS):
		return errors.New(`aws: must be a service and a region, for example "cloudfront us-east-1"`)
	}
	return nil
}

// List are the settings of the caches that a value of --purge-url stands for.
type List []Settings

// UnmarshalText reads a value of --purge-url: http://HOST/ and https://HOST/ are a Varnish
// with one of the files deploy/purge/*.vcl, file:PATH a file with [[purge]] sections, of which
// it has at least one.
func (l *List) UnmarshalText(text []byte) (err error) {
	value := string(text)
	if path, isFile := strings.CutPrefix(value, "file:"); isFile {
		if *l, err = read(strings.TrimPrefix(path, "//")); err != nil {
			return fmt.Errorf("%s: %w", value, err)
		}
		return nil
	}
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return errors.New("this is neither a URL nor file:PATH") // the cause would repeat a password
	case u.User != nil || strings.Contains(value, "{{"):
		return errors.New("credentials and templates belong in a file, which is given as file:PATH: see deploy/purge")
	}
	*l = List{{Method: "PURGE", URL: value, Headers: map[string]string{"xkey": `{{join .Tags " "}}`}}}
	return nil
}

// read refuses fields that it does not know, which are slips.
func read(path string) ([]Settings, error) {
	var file struct {
		Purge []Settings `toml:"purge"`
	}
	meta, err := toml.DecodeFile(path, &file)
	if syntax, ok := errors.AsType[toml.ParseError](err); ok {
		// Without what stands in the file, where it may be a credential that belongs in the environment.
		return nil, fmt.Errorf("line %d is not valid TOML, or has a value of the wrong type", syntax.Position.Line)
	}
	if err != nil {
		return nil, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("there is no setting %q", unknown[0].String())
	}
	if len(file.Purge) == 0 {
		return nil, errors.New("there is no [[purge]] section")
	}
	return file.Purge, nil
}
