package frontcache

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// secrets are the environment variables that the templates of a cache use. They are read
// while the templates are executed for the first time, and are left out of errors.
type secrets struct {
	values map[string]string // by name; not changed once it is complete
	hide   *strings.Replacer // nil until then
}

// env is the function of that name in templates: the value of an environment variable,
// without the white space around it, which is where files of secrets end with a newline.
func (s *secrets) env(name string) (string, error) {
	if value, known := s.values[name]; known || s.hide != nil {
		return value, nil
	}
	value := strings.TrimSpace(os.Getenv(name))
	if value == "" {
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	s.values[name] = value
	return value, nil
}

// complete ends the reading of variables.
func (s *secrets) complete() {
	var pairs []string
	for name, value := range s.values {
		quoted := strconv.Quote(value)
		for _, written := range []string{value, quoted[1 : len(quoted)-1], url.QueryEscape(value), url.PathEscape(value)} {
			pairs = append(pairs, written, "$"+name)
		}
	}
	s.hide = strings.NewReplacer(pairs...)
}

// redact replaces the values of variables by their names.
func (s *secrets) redact(text string) string {
	if s.hide == nil {
		s.complete()
	}
	return s.hide.Replace(text)
}
