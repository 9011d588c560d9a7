package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// Cache-Status of every kind of result.
func TestCacheStatus(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]pipeline.Result{
		"thumbery;hit;detail=memory":                             {Source: pipeline.FromMemory, Stored: true},
		"thumbery;hit;detail=disk":                               {Source: pipeline.FromDisk, Shared: true},
		"thumbery;hit;detail=origin-down":                        {Source: pipeline.FromDisk, Stored: true, OriginDown: true},
		"thumbery;fwd=stale;detail=memory":                       {Source: pipeline.FromMemory, Stale: true},
		"thumbery;fwd=stale;detail=origin-down":                  {Source: pipeline.FromMemory, Stale: true, OriginDown: true},
		"thumbery;hit;detail=bucket":                             {Source: pipeline.FromShared, Stored: true},
		"thumbery;fwd=miss":                                      {Source: pipeline.Made},
		"thumbery;fwd=miss;stored;detail=disk":                   {Source: pipeline.Made, Stored: true},
		"thumbery;fwd=miss;collapsed":                            {Source: pipeline.Made, Shared: true},
		"thumbery;fwd=miss;stored;detail=origin-down":            {Source: pipeline.Made, Stored: true, OriginDown: true},
		"thumbery;fwd=stale;stored;detail=origin-down;collapsed": {Source: pipeline.Made, Stored: true, Shared: true, Stale: true, OriginDown: true},
		"thumbery;fwd=bypass;detail=redirect":                    {Source: pipeline.Made, Location: "https://s3.example/cat.jpg"},
		"thumbery;fwd=miss;stored;detail=provisional":            {Source: pipeline.Made, Stored: true, Provisional: true},
	} {
		if got := cacheStatus(&r); len(got) != 1 || got[0] != want || formatCacheStatus(&r) != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

// Responses say that the origin is down, both hits and misses.
func TestOriginDown(t *testing.T) {
	t.Parallel()
	down := false
	h := newTestServer(func(c *Config) {
		configure(c, func(p *pipeline.Config) { p.Originals.Down = func(string) bool { return down } })
	})
	h.get("/40x30/cat.jpg")
	down = true
	for path, want := range map[string]string{
		"/40x30/cat.jpg": "thumbery;hit;detail=origin-down",
		"/20x15/cat.jpg": "thumbery;fwd=miss;stored;detail=origin-down",
		"/raw/cat.jpg":   "thumbery;hit;detail=origin-down",
		"/info/cat.jpg":  "thumbery;fwd=miss;stored;detail=origin-down",
	} {
		r := h.get(path)
		if r.StatusCode != 200 {
			t.Errorf("%s: %s", path, r.Status)
		}
		wantHeaders(t, r, map[string]string{"Cache-Status": want, "Cache-Control": "public, max-age=3600, immutable"})
	}
	down = false
	wantHeaders(t, h.get("/40x30/cat.jpg"), map[string]string{"Cache-Status": "thumbery;hit;detail=memory"})
}

// Caches keep a stale result for a minute, or as long as its URL is valid: there may be a
// newer one as soon as the origin answers.
func TestStaleIsSaid(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	var keys variant.Keyring
	if err := keys.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	path := variant.Path{Ops: "40x30", Key: "cat.jpg"}
	forEver, soon := keys.Sign(path, time.Time{}).String(), keys.Sign(path, now.Add(20*time.Second)).String()
	h := newTestServer(func(c *Config) {
		c.Keys = &keys
		configure(c, func(p *pipeline.Config) {
			p.Now = func() time.Time { return clock }
			p.Originals.Revalidate, p.Originals.RevalidateSync = time.Minute, time.Hour
		})
	})
	h.get(forEver)
	h.origin.FailAll(errOrigin)
	clock = clock.Add(2 * time.Hour)
	for url, control := range map[string]string{forEver: "public, max-age=60", soon: "public, max-age=20"} {
		r := h.get(url)
		if r.StatusCode != 200 {
			t.Fatal(r.Status)
		}
		wantHeaders(t, r, map[string]string{"Cache-Status": "thumbery;fwd=stale;detail=memory", "Cache-Control": control})
	}
}

// If originals may change, no answer is immutable.
func TestChanging(t *testing.T) {
	t.Parallel()
	h := newTestServer(func(c *Config) { c.Changing = true })
	for _, path := range []string{"/40x30/cat.jpg", "/raw/cat.jpg", "/info/cat.jpg"} {
		wantHeaders(t, h.get(path), map[string]string{"Cache-Control": "public, max-age=3600"})
	}
	brief := newTestServer(func(c *Config) { c.MaxAge = 10 * time.Second })
	if got := brief.get("/40x30/cat.jpg").Header.Get("Cache-Control"); got != "public, max-age=10, immutable" {
		t.Errorf("Cache-Control %q", got)
	}
}

// Hits share the values of their headers, which are not made for each.
func TestHitsShareValues(t *testing.T) {
	t.Parallel()
	c := Config{MaxAge: time.Hour, ClientHints: true, CORS: "https://a.example", Now: time.Now}
	c.Hot = HotHeaders{After: 1, Window: time.Minute, Header: HotHeader{Name: "X-Accel-Expires", Hot: "60", Cold: "0"}}
	s := &server{Config: c, headerValues: newHeaderValues(&c), popularity: newPopularity(&c)}
	q := request{parsedPath: &parsedPath{variant: variant.Variant{Format: variant.FormatAuto}}}
	for source := range pipeline.Made {
		var answers [2]http.Header
		for i := range answers {
			answers[i] = http.Header{}
			s.setVary(answers[i], q)
			s.popularity.setCold(answers[i])
			s.pictureHeaders(answers[i], q, &pipeline.Result{Source: source, MediaType: "image/webp"})
		}
		if len(answers[0]) != 9 {
			t.Errorf("%d headers: %q", len(answers[0]), answers[0])
		}
		for name, values := range answers[0] {
			if len(values) != 1 || &values[0] != &answers[1][name][0] {
				t.Errorf("%s is made for each answer", name)
			}
		}
	}
}
