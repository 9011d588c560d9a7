// Package frontcache purges pictures that were forgotten in the caches in front of the
// server: in Varnish, and in content delivery networks. Every answer about a picture
// bears the picture's tag, and a request with tags removes all that bears one of them.
package frontcache

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
)

// Settings say how pictures are purged in one cache. URL, Body and the values of Headers
// are templates of text/template: see batch for their data, and secrets for env.
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

// List are the settings of the caches that a value of --purge-url stands for: see Load.
type List []Settings

// UnmarshalText is Load.
func (l *List) UnmarshalText(text []byte) (err error) {
	*l, err = Load(string(text))
	return err
}

// maxFile bytes is more than any settings need.
const maxFile = 1 << 20

// Load returns the settings that a value of --purge-url stands for. http://HOST/ and
// https://HOST/ are a Varnish with one of the files deploy/purge/*.vcl, file:PATH a file
// with [[purge]] sections, of which it has at least one.
func Load(value string) ([]Settings, error) {
	if path, isFile := strings.CutPrefix(value, "file:"); isFile {
		all, err := read(strings.TrimPrefix(path, "//"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", value, err)
		}
		return all, nil
	}
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return nil, errors.New("this is neither a URL nor file:PATH") // the cause would repeat a password
	case u.User != nil || strings.Contains(value, "{{"):
		return nil, errors.New("credentials and templates belong in a file, which is given as file:PATH: see deploy/purge")
	}
	return []Settings{{Method: "PURGE", URL: value, Headers: map[string]string{"xkey": `{{join .Tags " "}}`}}}, nil
}

func read(path string) ([]Settings, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, errors.New("larger than 1 MiB: this is not a file of settings")
	}
	return parse(string(data))
}

// parse refuses fields that it does not know, which are slips.
func parse(text string) ([]Settings, error) {
	var file struct {
		Purge []Settings `toml:"purge"`
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, hideText(err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("there is no setting %q", unknown[0].String())
	}
	if len(file.Purge) == 0 {
		return nil, errors.New("there is no [[purge]] section")
	}
	return file.Purge, nil
}

// hideText leaves out of a syntax error what stands in the file, where it may be a
// credential that belongs in the environment.
func hideText(err error) error {
	if syntax, ok := errors.AsType[toml.ParseError](err); ok {
		return fmt.Errorf("line %d is not valid TOML, or has a value of the wrong type", syntax.Position.Line)
	}
	return err
}
