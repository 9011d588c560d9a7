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
	"sync"
	"time"

	"golang.org/x/time/rate"
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

	form   *form
	config Config
	log    *slog.Logger // names the cache
	client *http.Client
	limit  *rate.Limiter

	mu     sync.Mutex
	warned time.Time // when it was last logged that the cache is not purged; zero while it is
}

// exampleTag is what a tag looks like.
const exampleTag = "0123456789abcdef0123456789abcdef"

var cacheName = regexp.MustCompile(`^[a-z0-9][a-z0-9.:_-]{0,63}$`)

// New returns the Cache that settings describe. Its errors are mistakes in them: the
// templates are executed once with few and once with many tags. They have no values of
// environment variables in them.
func New(s Settings, c Config) (*Cache, error) {
	s.MaxTags, s.PerMinute = cmp.Or(s.MaxTags, defaultMaxTags), cmp.Or(s.PerMinute, defaultPerMinute)
	f := &form{Settings: s}
	if err := f.try(); err != nil {
		return nil, errors.New(f.redact(err.Error()))
	}
	if name := f.redact(f.Name); !cacheName.MatchString(name) {
		return nil, fmt.Errorf("name: %q does not consist of lower-case letters, digits and . : _ -, at most 64", name)
	}
	burst := cmp.Or(s.Burst, int(math.Ceil(s.PerMinute/60)))
	return &Cache{
		Name: f.Name, form: f, config: c, log: c.Log.With("cache", f.Name), client: newClient(),
		limit: rate.NewLimiter(rate.Limit(s.PerMinute/60), burst),
	}, nil
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
