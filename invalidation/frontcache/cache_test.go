package frontcache

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/variant"
)

// seen is what a Cache has told of: results by number, and log lines.
type seen struct {
	mu      sync.Mutex
	results []Result
	log     bytes.Buffer
}

func (s *seen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func config(t *testing.T, s *seen) Config {
	if s == nil {
		s = &seen{}
	}
	return Config{
		Observe: func(_ string, r Result) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.results = append(s.results, r)
		},
		Sign: s3.NewSigner().Sign,
		Log:  slog.New(slog.NewTextHandler(s, nil)),
	}
}

// newCache returns a Cache that is answered by a.
func newCache(t *testing.T, settings Settings, s *seen, a api) *Cache {
	t.Helper()
	c, err := New(settings, config(t, s))
	if err != nil {
		t.Fatal(err)
	}
	c.client.Transport = a
	return c
}

func exampleKeys(n int) (keys []variant.Key, tags []string) {
	for i := range n {
		keys = append(keys, variant.Key(fmt.Sprintf("photos/%d.jpg", i)))
		tags = append(tags, string(keys[i].Name()))
	}
	slices.Sort(tags)
	return keys, tags
}

// The files in deploy send what the services' documentation asks for.
func TestServices(t *testing.T) {
	for name, value := range map[string]string{
		"CLOUDFLARE_ZONE_ID": fakeZone, "CLOUDFLARE_API_TOKEN": fakeToken,
		"FASTLY_SERVICE_ID": fakeService, "FASTLY_API_TOKEN": fakeToken,
		"CLOUDFRONT_DISTRIBUTION_ID": fakeDistribution, "AWS_ACCESS_KEY_ID": fakeAccessKey, "AWS_SECRET_ACCESS_KEY": fakeToken,
	} {
		t.Setenv(name, value)
	}
	_, tags := exampleKeys(257)
	for _, name := range slices.Sorted(maps.Keys(fakes)) {
		t.Run(name, func(t *testing.T) {
			var got []string
			c := serviceCache(t, name, &seen{}, fakes[name](t, func(tags []string) { got = append(got, tags...) }))
			if c.Name != name {
				t.Errorf("its name is %s", c.Name)
			}
			if err := c.purge(t.Context(), tags); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tags) {
				t.Errorf("%d tags were purged, and not %d", len(got), len(tags))
			}
		})
	}
}

func serviceCache(t *testing.T, name string, s *seen, a api) *Cache {
	t.Helper()
	var all List
	err := all.UnmarshalText([]byte("file:../../deploy/purge/" + name + ".toml"))
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	return newCache(t, all[0], s, a)
}

// A request is repeated until it is answered: soon after a failure, later after a refusal,
// and when the cache says.
func TestRepeats(t *testing.T) {
	t.Parallel()
	answers := func(status ...int) func(i int, w http.ResponseWriter) {
		return func(i int, w http.ResponseWriter) { w.WriteHeader(status[i]) }
	}
	for _, tt := range []struct {
		name     string
		answer   func(i int, w http.ResponseWriter)
		results  []Result
		min, max time.Duration
		log      []string // levels
	}{
		{"at once", answers(204), []Result{OK}, 0, 0, nil},
		{"after failures", answers(503, 502, 408, 200), []Result{Failed, Failed, Failed, OK}, 700 * time.Millisecond, time.Second, []string{"WARN", "INFO"}},
		{"after too many", answers(429, 200), []Result{Busy, OK}, time.Second, 1300 * time.Millisecond, []string{"WARN", "INFO"}},
		{"after a refusal", answers(403, 200), []Result{Refused, OK}, time.Minute, 75 * time.Second, []string{"ERROR", "INFO"}},
		{"after a redirect", answers(302, 200), []Result{Refused, OK}, time.Minute, 75 * time.Second, []string{"ERROR", "INFO"}},
		{"after two refusals", answers(400, 404, 200), []Result{Refused, Refused, OK}, 2 * time.Minute, 150 * time.Second, []string{"ERROR", "ERROR", "INFO"}},
		{"when it says", func(i int, w http.ResponseWriter) {
			if i == 0 {
				w.Header().Set("Retry-After", "17")
				w.WriteHeader(429)
			}
		}, []Result{Busy, OK}, 17 * time.Second, 17 * time.Second, []string{"WARN", "INFO"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, i := &seen{}, 0
				c := newCache(t, Settings{URL: "http://a/"}, s, func(w http.ResponseWriter, r *http.Request) {
					tt.answer(i, w)
					i++
				})
				start := time.Now()
				if err := c.purge(t.Context(), []string{exampleTag}); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took < tt.min || took > tt.max {
					t.Errorf("it took %v", took)
				}
				if !slices.Equal(s.results, tt.results) {
					t.Errorf("the results are %q", s.results)
				}
				wantLevels(t, s, tt.log)
			})
		})
	}
}

func wantLevels(t *testing.T, s *seen, want []string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(s.log.String()) {
		_, after, _ := strings.Cut(line, "level=")
		level, _, _ := strings.Cut(after, " ")
		got = append(got, level)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log has the levels %q:\n%s", got, s.log.String())
	}
}

// A cache that is down for an hour gets a request every half a minute, and a line in the
// log a minute.
func TestDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &seen{}
		c := newCache(t, Settings{URL: "http://a/"}, s, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := c.purge(ctx, []string{exampleTag}); err != context.DeadlineExceeded {
			t.Errorf("the error is %v", err)
		}
		if n := len(s.results); n < 60*60/38 || n > 60*60/30+10 {
			t.Errorf("%d requests", n)
		}
		if n := strings.Count(s.log.String(), "\n"); n < 45 || n > 60 {
			t.Errorf("%d lines in the log", n)
		}
	})
}

func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		c := newCache(t, Settings{URL: "http://a/", MaxTags: 10, PerMinute: 60, Burst: 5}, &seen{}, func(http.ResponseWriter, *http.Request) { requests++ })
		_, tags := exampleKeys(101)
		start := time.Now()
		if err := c.purge(t.Context(), tags); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 6*time.Second || requests != 11 {
			t.Errorf("%d requests in %v", requests, took)
		}
	})
}

// The default is the number of requests a second at once.
func TestDefaultBurst(t *testing.T) {
	t.Parallel()
	for perMinute, want := range map[float64]int{0: 10, 0.5: 1, 61: 2, 600: 10} {
		c := newCache(t, Settings{URL: "http://a/", PerMinute: perMinute}, nil, nil)
		if got := c.limit.Burst(); got != want {
			t.Errorf("%v a minute: %d", perMinute, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "x": 0, "-5": 0, "7": 7 * time.Second, "99999999999": 10 * time.Minute, "99999999999999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
		now.Add(time.Hour).Format(http.TimeFormat): 10 * time.Minute,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
