package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// What operators look at: health, readiness, metrics, profiles, the access log.
func TestOperations(t *testing.T) {
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache)
	for _, path := range []string{"/300x/photos/cat.jpg", "/300x/photos/cat.jpg", "/301x/photos/cat.jpg", "/300x/none.jpg"} {
		get(t, s.url+path, "X-Request-Id", "from-the-proxy-1")
	}
	for name, want := range map[string]float64{
		`thumbery_requests_total{outcome="miss",status="200"}`:      2,
		`thumbery_requests_total{outcome="memory",status="200"}`:    1,
		`thumbery_requests_total{outcome="not-found",status="404"}`: 1,
		`thumbery_fetch_seconds_count{result="ok"}`:                 1,
		`thumbery_fetch_seconds_count{result="error"}`:              1,
		`thumbery_resize_seconds_count{of="original",result="ok"}`:  2,
		"thumbery_queue":          0,
		"thumbery_resizing":       0,
		"thumbery_background":     0,
		"thumbery_memory_entries": 2,
	} {
		if got := s.metric(t, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	original := float64(len(read(t, filepath.Join(testdata(t), "photos", "cat.jpg"))))
	if got := s.metric(t, `thumbery_cache_written_bytes_total{tier="originals"}`); got != original {
		t.Errorf("%v bytes of originals were written, want %v", got, original)
	}
	if s.metric(t, `thumbery_cache_written_bytes_total{tier="derivatives"}`) < 1000 {
		t.Error("no bytes of derivatives are counted")
	}
	if r := get(t, s.admin+"/debug/pprof/goroutine?debug=1"); r.status != 200 || !bytes.Contains(r.body, []byte("goroutine profile")) {
		t.Errorf("pprof: %d", r.status)
	}
	var ready struct {
		Ready  bool
		Checks []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal(get(t, s.admin+"/readyz").body, &ready); err != nil || !ready.Ready || len(ready.Checks) != 3 {
		t.Errorf("ready: %+v, %v", ready, err)
	}
	if r := get(t, s.url+"/metrics"); r.status != http.StatusBadRequest {
		t.Errorf("the public sees /metrics: %d", r.status)
	}
	for _, want := range []string{
		"id=from-the-proxy-1 method=GET path=/300x/photos/cat.jpg status=200", "outcome=memory", "outcome=not-found", "URLs are not signed",
	} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log has no %q\n%s", want, s.log)
		}
	}
}

// DELETE /cache/<key> forgets a picture with all its variants, and answers what
// went; the next request makes it again.
func TestForgetByAdmin(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a b.jpg"), read(t, filepath.Join(testdata(t), "photos", "cat.jpg")), 0o644); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+dir, "--cache", cache)
	get(t, s.url+"/30x/a%20b.jpg")
	get(t, s.url+"/40x/a%20b.jpg")
	if err := os.WriteFile(filepath.Join(dir, "a b.jpg"), read(t, filepath.Join(testdata(t), "photos", "lake.jpg")), 0o644); err != nil {
		t.Fatal(err)
	}
	r := ask(t, http.MethodDelete, s.admin+"/cache/a%20b.jpg")
	var f struct{ Originals, Derivatives, Memory int }
	if err := json.Unmarshal(r.body, &f); err != nil || r.status != 200 || f.Originals != 1 || f.Derivatives != 2 || f.Memory != 2 {
		t.Errorf("forgot %d %s, %v", r.status, r.body, err)
	}
	wantPicture(t, get(t, s.url+"/30x/a%20b.jpg"), 30, 20, "jpeg") // the new one
	for path, status := range map[string]int{"/cache/none.jpg": 200, "/cache/../x": 400, "/cache/": 400} {
		if r := ask(t, http.MethodDelete, s.admin+path); r.status != status {
			t.Errorf("DELETE %s: %d, want %d", path, r.status, status)
		}
	}
}

// More than fit are refused at once, and said to come back.
func TestOverload(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir(), "--workers", "1", "--queue", "1", "--max-versions", "0")
	get(t, s.url+"/raw/photos/lake.jpg")
	var mu sync.Mutex
	count := map[int]int{}
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			r, err := do(http.MethodGet, s.url+"/2000x,v_"+string(rune('a'+i))+"/photos/lake.jpg")
			if err != nil {
				t.Error(err)
			}
			if r.status == http.StatusServiceUnavailable && (r.header.Get("Retry-After") == "" || r.header.Get("Cache-Control") != "no-store") {
				t.Errorf("503 with %v", r.header)
			}
			mu.Lock()
			defer mu.Unlock()
			count[r.status]++
		})
	}
	all.Wait()
	if count[200] < 2 || count[503] == 0 || count[200]+count[503] != 24 {
		t.Errorf("answers by status: %v", count)
	}
	if r := get(t, s.url+"/64x64/photos/lake.jpg"); r.status != 200 {
		t.Errorf("afterwards: %d", r.status)
	}
}
