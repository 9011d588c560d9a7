package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/origins"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/storage"
)

// opened opens places of originals.
func opened(t *testing.T, f settings.OriginFlags, sources ...string) (*origins.Origins, *metrics.Metrics) {
	t.Helper()
	for _, s := range sources {
		var source storage.Source
		if err := source.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		f.Source = append(f.Source, source)
	}
	m := metrics.New()
	o, err := origins.Open(origins.Config{OriginFlags: &f, Metrics: m, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return o, m
}

// samePlaces are two places that are called the same.
func samePlaces() []string {
	return []string{"/=s3://bucket?region=a&endpoint=http://127.0.0.1:1,s3://bucket?region=b&endpoint=http://127.0.0.1:1"}
}

// Two places that are called the same have a state each, which Prometheus would
// refuse under one name.
func TestPlacesOfOneName(t *testing.T) {
	o, m := opened(t, settings.OriginFlags{}, samePlaces()...)
	none, nothing := func() int { return 0 }, func() (int, int) { return 0, 0 }
	m.Watch("test", metrics.State{
		Gate: nothing, Background: none, Fetches: nothing, Memory: func() (int, int64) { return 0, 0 }, Absent: none, Repairs: none, Primes: none,
		DiskLow: func() bool { return false }, Stock: func() (c [eviction.Tiers]eviction.Count) { return c },
		Ages: func(func(string, string, int64)) {}, Purged: func() (t time.Time) { return t }, Peers: func() metrics.Peers { return metrics.Peers{} }, Workers: func() metrics.Workers { return metrics.Workers{} }, Origins: o.States, Shared: func(func(string, int)) {}, Fronts: frontCaches{}.backlogs(nil), Switches: switches{}.each,
	})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, _ := io.ReadAll(w.Body)
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics: %d %.300s", w.Code, body)
	}
	for _, want := range []string{
		`thumbery_origin_state{origin="s3://bucket (127.0.0.1:1)"} 0`, `thumbery_origin_state{origin="s3://bucket (127.0.0.1:1) #2"} 0`,
	} {
		if !strings.Contains(string(body), want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
	names := map[string]bool{}
	for _, c := range (&serveCmd{}).checks(&app{origins: o, dir: &disk.Directory{}}) {
		if names[c.Name] {
			t.Errorf("two checks are called %q", c.Name)
		}
		names[c.Name] = true
	}
	if len(names) != 4 {
		t.Errorf("the checks are %v", names)
	}
}

// The switch tells whether another mirror is really asked.
func TestHedgeSwitch(t *testing.T) {
	for _, c := range []struct {
		flags  settings.OriginFlags
		is     string
		status int // of switching it on
		after  time.Duration
	}{
		{settings.OriginFlags{}, `{"hedge":false}`, 400, 0},
		{settings.OriginFlags{NoHedge: true}, `{"hedge":false}`, 400, 0},
		{settings.OriginFlags{Hedge: time.Second}, `{"hedge":true}`, 200, time.Second},
		{settings.OriginFlags{Hedge: time.Second, NoHedge: true}, `{"hedge":false}`, 200, time.Second},
	} {
		o, _ := opened(t, c.flags, "/=file:.")
		admin := admin.New(admin.Config{
			Switches: []admin.Switch{hedgeSwitch(o, c.flags.Hedge)}, Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler),
		})
		ask := func(method, body string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			admin.ServeHTTP(w, httptest.NewRequest(method, "http://localhost/switches", strings.NewReader(body)))
			return w
		}
		if got := strings.TrimSpace(ask(http.MethodGet, "").Body.String()); got != c.is {
			t.Errorf("%+v: %s, want %s", c.flags, got, c.is)
		}
		w := ask(http.MethodPatch, `{"hedge":true}`)
		if w.Code != c.status || o.HedgeAfter() != c.after || (w.Code == 400) != strings.Contains(w.Body.String(), "started without --hedge") {
			t.Errorf("%+v: %d %s; another is asked after %v", c.flags, w.Code, w.Body, o.HedgeAfter())
		}
		if w := ask(http.MethodPatch, `{"hedge":false}`); w.Code != 200 || o.HedgeAfter() != 0 {
			t.Errorf("%+v: off: %d %s", c.flags, w.Code, w.Body)
		}
	}
}

// fullDisk is a tier that cannot be written.
type fullDisk struct{ cache.Store }

func (fullDisk) Check() error { return errors.New("no space left on device") }

// A cache that cannot be written has all its hits, and takes no server out of
// service; one that cannot be read does.
func TestCacheChecks(t *testing.T) {
	o, _ := opened(t, settings.OriginFlags{}, "/=file:.")
	c := serveCmd{AppFlags: AppFlags{CacheFlags: settings.CacheFlags{CacheFlag: settings.CacheFlag{Cache: t.TempDir()}}}}
	ask := func(d *disk.Directory) (status int, ready struct{ Ready, Degraded bool }) {
		w := httptest.NewRecorder()
		admin.New(admin.Config{Checks: c.checks(&app{origins: o, dir: d}), Metrics: http.NotFoundHandler()}).
			ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost/readyz", nil))
		if err := json.Unmarshal(w.Body.Bytes(), &ready); err != nil {
			t.Fatal(err)
		}
		return w.Code, ready
	}
	inTheWay := filepath.Join(c.Cache, "originals")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, ready := ask(&disk.Directory{Originals: cachetest.NewFake()}); status != 503 || ready.Ready {
		t.Errorf("with a file in place of a tier: %d %+v", status, ready)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	d, err := disk.OpenDirectory(c.Cache, disk.DirectoryOptions{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if status, ready := ask(d); status != 200 || ready.Degraded {
		t.Errorf("a good one: %d %+v", status, ready)
	}
	d.Originals = fullDisk{d.Originals}
	if status, ready := ask(d); status != 200 || !ready.Ready || !ready.Degraded {
		t.Errorf("a full one: %d %+v", status, ready)
	}
}
