package frontcache

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"regexp"
	"slices"

	"golang.org/x/time/rate"
)

const (
	defaultMaxTags   = 100
	mostTags         = 1000
	defaultPerMinute = 600
)

// exampleTag is what a tag looks like.
const exampleTag = "0123456789abcdef0123456789abcdef"

var (
	cacheName = regexp.MustCompile(`^[a-z0-9][a-z0-9.:_-]{0,63}$`)
	awsScope  = regexp.MustCompile(`^([a-z0-9-]+ [a-z0-9-]+)?$`)
)

// Config is what all caches share.
type Config struct {
	// Observe is told of every request: the cache's name, and the Result.
	Observe func(cache string, r Result)
	// Sign signs a request, of which body is the body, for a service of Amazon.
	Sign func(r *http.Request, body []byte, service, region string) error
	Log  *slog.Logger
}

// Cache is a cache in front of the server.
type Cache struct {
	// Name is that of the settings.
	Name string

	sender  sender
	maxTags int
	limit   *rate.Limiter
	trouble trouble
	observe func(Result)
}

// New returns the Cache that settings describe. Its errors are mistakes in them: the
// templates are executed once with few and once with many tags. They have no values of
// environment variables in them.
func New(s Settings, c Config) (*Cache, error) {
	env := &secrets{values: map[string]string{}}
	cache, err := build(s, c, env)
	env.complete()
	if err != nil {
		return nil, errors.New(env.redact(err.Error()))
	}
	return cache, nil
}

// NewAll is New for all settings of several lists. No two caches may have the same name.
func NewAll(lists []List, c Config) (all []*Cache, err error) {
	for i, s := range slices.Concat(lists...) {
		cache, err := New(s, c)
		if err != nil { // not with the URL, which may have a password
			return nil, fmt.Errorf("%s: %w", cmp.Or(s.Name, fmt.Sprintf("cache %d", i+1)), err)
		}
		if slices.ContainsFunc(all, func(other *Cache) bool { return other.Name == cache.Name }) {
			return nil, fmt.Errorf("there are two caches %q: give them names", cache.Name)
		}
		all = append(all, cache)
	}
	return all, nil
}

func build(s Settings, c Config, env *secrets) (*Cache, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	f, err := newForm(s, env)
	if err != nil {
		return nil, err
	}
	maxTags, perMinute := cmp.Or(s.MaxTags, defaultMaxTags), cmp.Or(s.PerMinute, defaultPerMinute)
	for _, n := range []int{maxTags, 1} {
		r, _, err := f.request(newBatch(slices.Repeat([]string{exampleTag}, n)))
		if err != nil {
			return nil, err
		}
		s.Name = cmp.Or(s.Name, r.URL.Host)
	}
	if name := env.redact(s.Name); !cacheName.MatchString(name) {
		return nil, fmt.Errorf("name: %q does not consist of lower-case letters, digits and . : _ -, at most 64", name)
	}
	return &Cache{
		Name: s.Name, sender: sender{f, signer(s.AWS, c), newClient(), env}, maxTags: maxTags,
		limit:   rate.NewLimiter(rate.Limit(perMinute/60), cmp.Or(s.Burst, int(math.Ceil(perMinute/60)))),
		trouble: trouble{log: c.Log.With("cache", s.Name)},
		observe: func(r Result) { c.Observe(s.Name, r) },
	}, nil
}

func (s Settings) check() error {
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
