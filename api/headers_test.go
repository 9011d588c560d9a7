package api

import (
	"testing"
	"time"

	"github.com/thumbery/thumbery/pipeline"
)

// What Cache-Status says of every kind of result.
func TestCacheStatus(t *testing.T) {
	all := cacheStatuses()
	for want, r := range map[string]pipeline.Result{
		"thumbery;hit;detail=memory":                             {Source: pipeline.FromMemory, Stored: true},
		"thumbery;hit;detail=disk":                               {Source: pipeline.FromDisk, Shared: true},
		"thumbery;hit;detail=origin-down":                        {Source: pipeline.FromDisk, Stored: true, OriginDown: true},
		"thumbery;fwd=stale;detail=memory":                       {Source: pipeline.FromMemory, Stale: true},
		"thumbery;fwd=stale;detail=origin-down":                  {Source: pipeline.FromMemory, Stale: true, OriginDown: true},
		"thumbery;fwd=miss":                                      {Source: pipeline.FromOrigin},
		"thumbery;fwd=miss;stored;detail=disk":                   {Source: pipeline.FromOrigin, Stored: true},
		"thumbery;fwd=miss;collapsed":                            {Source: pipeline.FromOrigin, Shared: true},
		"thumbery;fwd=miss;stored;detail=origin-down":            {Source: pipeline.FromOrigin, Stored: true, OriginDown: true},
		"thumbery;fwd=stale;stored;detail=origin-down;collapsed": {Source: pipeline.FromOrigin, Stored: true, Shared: true, Stale: true, OriginDown: true},
		"thumbery;fwd=bypass;detail=redirect":                    {Source: pipeline.FromOrigin, Location: "https://s3.example/cat.jpg"},
	} {
		if got := all[outcomeOf(&r)]; len(got) != 1 || got[0] != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
	if len(all) != 2*4+16+1 {
		t.Errorf("%d values are written out", len(all))
	}
}

// What is served while the origin is down says so, whether it is there or made.
func TestOriginDown(t *testing.T) {
	down := false
	h := newHouse(func(c *Config) {
		plain := c.Pipeline.Config
		plain.Down = func(string) bool { return down }
		c.Pipeline = pipeline.New(plain)
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

// How long others keep a picture that is stale is not changed: they would come
// back while the origin is down, and get the same.
func TestStaleIsSaid(t *testing.T) {
	clock := time.Now()
	h := newHouse(func(c *Config) {
		plain := c.Pipeline.Config
		plain.Now, plain.RevalidateSync = func() time.Time { return clock }, time.Hour
		plain.Revalidate = time.Minute
		c.Pipeline = pipeline.New(plain)
	})
	h.get("/40x30/cat.jpg")
	h.origin.FailAll(errOrigin)
	clock = clock.Add(2 * time.Hour)
	r := h.get("/40x30/cat.jpg")
	if r.StatusCode != 200 {
		t.Fatal(r.Status)
	}
	wantHeaders(t, r, map[string]string{"Cache-Status": "thumbery;fwd=stale;detail=memory", "Cache-Control": "public, max-age=3600, immutable"})
}
