package frontcache

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"

	"golang.org/x/net/http/httpguts"
)

// batch is the data of the templates.
type batch struct {
	// Tags are the tags of pictures, 32 hexadecimal digits each.
	Tags []string
	// ID is a text of letters and digits that no other request has, but for repetitions
	// of this one.
	ID string
}

func newBatch(tags []string) batch { return batch{tags, rand.Text()} }

// form makes requests of the templates in Settings. These have the functions join, of package
// strings, json, and env, which returns the value of an environment variable.
type form struct {
	Settings
	templates *template.Template // url, body, and a header's name for the value of each
	// secrets are the values of the environment variables that were used, by the variables'
	// names.
	secrets sync.Map
}

// try finds mistakes in the settings, and sets the Name if it is not set.
func (f *form) try() error {
	if err := f.check(); err != nil {
		return err
	}
	f.templates = template.New("").Funcs(template.FuncMap{"env": f.env, "join": strings.Join, "json": toJSON})
	texts := map[string]string{"url": f.URL, "body": f.Body}
	for name, value := range f.Headers {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("headers: %q is not the name of a header", name)
		}
		texts["headers."+name] = value
	}
	for name, text := range texts {
		if _, err := f.templates.New(name).Parse(text); err != nil {
			return err
		}
	}
	for _, n := range []int{f.MaxTags, 1} {
		r, _, err := f.request(newBatch(slices.Repeat([]string{exampleTag}, n)))
		if err != nil {
			return err
		}
		f.Name = cmp.Or(f.Name, r.URL.Host)
	}
	return nil
}

// env trims white space: files of secrets end with a newline.
func (f *form) env(name string) (string, error) {
	value := strings.TrimSpace(os.Getenv(name))
	if value == "" {
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	f.secrets.Store(name, value)
	return value, nil
}

// redact replaces the values of environment variables by the variables' names.
func (f *form) redact(text string) string {
	names := map[string]string{} // by how a value may be written
	for name, value := range f.secrets.Range {
		secret := value.(string)
		quoted := strconv.Quote(secret)
		for _, written := range []string{secret, quoted[1 : len(quoted)-1], url.QueryEscape(secret), url.PathEscape(secret)} {
			names[written] = "$" + name.(string)
		}
	}
	// Longer ones first: of a value that begins with another, the rest would stay.
	longestFirst := func(a, b string) int { return cmp.Compare(len(b), len(a)) }
	var pairs []string
	for _, written := range slices.SortedFunc(maps.Keys(names), longestFirst) {
		pairs = append(pairs, written, names[written])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func toJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

// request executes the templates. Its errors may have secrets in them.
func (f *form) request(b batch) (r *http.Request, body []byte, err error) {
	address, err := f.execute("url", b)
	if err != nil {
		return nil, nil, err
	}
	text, err := f.execute("body", b)
	if err != nil {
		return nil, nil, err
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// Parse's error may have a part of a secret.
		return nil, nil, errors.New("url: what the template makes is not a URL that begins with http:// or https:// and a host")
	}
	r, err = http.NewRequest(cmp.Or(f.Method, http.MethodPost), address, strings.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	for name := range f.Headers {
		value, err := f.execute("headers."+name, b)
		if err != nil {
			return nil, nil, err
		}
		if !httpguts.ValidHeaderFieldValue(value) {
			return nil, nil, fmt.Errorf("headers: the value of %s has a line break or another control character", name)
		}
		r.Header.Set(name, value)
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host // net/http ignores the header
		r.Header.Del("Host")
	}
	return r, []byte(text), nil
}

func (f *form) execute(name string, b batch) (string, error) {
	var out bytes.Buffer
	err := f.templates.ExecuteTemplate(&out, name, b)
	return out.String(), err
}
