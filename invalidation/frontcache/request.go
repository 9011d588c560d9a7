package frontcache

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
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

// form is a request with templates.
type form struct {
	method    string
	url, body *template.Template
	headers   map[string]*template.Template
}

func newForm(s Settings, env *secrets) (form, error) {
	f := form{method: s.Method, headers: map[string]*template.Template{}}
	if f.method == "" {
		f.method = http.MethodPost
	}
	functions := template.FuncMap{"env": env.env, "join": strings.Join, "json": toJSON}
	parse := func(name, text string) (*template.Template, error) {
		return template.New(name).Funcs(functions).Parse(text)
	}
	var err, bad error
	f.url, err = parse("url", s.URL)
	f.body, bad = parse("body", s.Body)
	err = errors.Join(err, bad)
	for name, value := range s.Headers {
		if !httpguts.ValidHeaderFieldName(name) {
			bad = fmt.Errorf("headers: %q is not the name of a header", name)
		} else {
			f.headers[http.CanonicalHeaderKey(name)], bad = parse("headers."+name, value)
		}
		err = errors.Join(err, bad)
	}
	return f, err
}

// toJSON is the function json of templates.
func toJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

// request executes the templates. Its errors may have secrets in them.
func (f form) request(b batch) (r *http.Request, body []byte, err error) {
	address, err := execute(f.url, b)
	if err != nil {
		return nil, nil, err
	}
	text, err := execute(f.body, b)
	if err != nil {
		return nil, nil, err
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// Parse's error may have a part of a secret.
		return nil, nil, errors.New("url: what the template makes is not a URL that begins with http:// or https:// and a host")
	}
	if r, err = http.NewRequest(f.method, address, strings.NewReader(text)); err != nil {
		return nil, nil, err
	}
	for name, t := range f.headers {
		value, err := execute(t, b)
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

func execute(t *template.Template, b batch) (string, error) {
	var out bytes.Buffer
	err := t.Execute(&out, b)
	return out.String(), err
}
