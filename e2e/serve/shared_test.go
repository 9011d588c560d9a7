package serve

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// A server with an empty disk serves what another one has made without fetching or making
// anything; what is forgotten on one is not found by another.
func TestSharedTier(t *testing.T) {
	t.Parallel()
	const pictures = 9
	objects := map[string][]byte{}
	var paths []string
	for i := range pictures {
		name := []string{"gray.jpg", "orientation-6.jpg", "adobe-rgb.jpg"}[i%3]
		key := fmt.Sprintf("in/%d %s", i, name)
		objects[key] = e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", name))
		for _, ops := range []string{"30x", "40x40,f_webp", "50x,g_smart", "info"} {
			paths = append(paths, "/"+ops+"/"+escaped(key))
		}
	}
	source := e2e.Bucket(t, objects)[:2]
	bucket := strings.TrimPrefix(e2e.Bucket(t, nil)[1], "/=")
	// A busy machine must not make requests look as if the bucket were slow.
	args := append(source, "--no-sync", "--shared", strings.Replace(bucket, "?", "/derivatives?", 1), "--shared-min-cost", "0", "--shared-hedge", "1h")
	start := func() *e2e.Server { return e2e.Serve(t, append(args, "--cache", t.TempDir())...) }

	first := start()
	wantAll(t, first, paths, e2e.MissStored)
	first.Stop(t) // which writes what is queued
	second := start()
	wantAll(t, second, paths, "thumbery;hit;detail=bucket")
	for _, metric := range []string{"thumbery_resize_seconds_count", "thumbery_fetch_seconds_count", "thumbery_origin_requests_total"} {
		if n := second.Total(t, metric); n != 0 {
			t.Errorf("%s is %v", metric, n)
		}
	}
	if n := second.Metric(t, `thumbery_shared_read_seconds_count{result="hit"}`); n != float64(len(paths)) {
		t.Errorf("%v reads", n)
	}
	wantAll(t, second, paths, e2e.HitMemory)

	if r := e2e.Ask(t, "DELETE", second.Admin+"/cache/"+escaped("in/0 gray.jpg")); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	second.AwaitMetric(t, `thumbery_shared_removals_total{result="ok"}`, 1)
	third := start()
	wantAll(t, third, paths[:4], e2e.MissStored)
	wantAll(t, third, paths[4:8], "thumbery;hit;detail=bucket")

	// A node removes what it was told to forget, as the one that has told it may not.
	told := e2e.Serve(t, append(source, "--cache", t.TempDir())...)
	heard := e2e.Serve(t, append(args, "--cache", t.TempDir(), "--peers", told.Admin)...)
	heard.AwaitMetric(t, `thumbery_peers{state="reachable"}`, 1)
	if r := e2e.Ask(t, "DELETE", told.Admin+"/cache/"+escaped("in/1 orientation-6.jpg")); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	heard.AwaitMetric(t, `thumbery_shared_removals_total{result="ok"}`, 1)
	fourth := start()
	wantAll(t, fourth, paths[4:8], e2e.MissStored)
	wantAll(t, fourth, paths[8:12], "thumbery;hit;detail=bucket")
}

// wantAll asks for all paths, several at once.
func wantAll(t *testing.T, s *e2e.Server, paths []string, cacheStatus string) {
	t.Helper()
	var all sync.WaitGroup
	next := make(chan string)
	for range 4 {
		all.Go(func() {
			for path := range next {
				r, err := e2e.Do("GET", s.URL+path)
				if got := r.Header.Get("Cache-Status"); err != nil || r.Status != 200 || got != cacheStatus {
					t.Errorf("%s: %d, %q, %v, want %q", path, r.Status, got, err, cacheStatus)
				}
			}
		})
	}
	for _, path := range paths {
		next <- path
	}
	close(next)
	all.Wait()
}
