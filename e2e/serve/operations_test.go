package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// What operators look at: health, readiness, metrics, profiles, the access log.
func TestOperations(t *testing.T) {
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache)
	for _, path := range []string{"/300x/photos/cat.jpg", "/300x/photos/cat.jpg", "/301x/photos/cat.jpg", "/300x/none.jpg"} {
		e2e.Get(t, s.URL+path, "X-Request-Id", "from-the-proxy-1")
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
		if got := s.Metric(t, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	original := float64(len(e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", "cat.jpg"))))
	if got := s.Metric(t, `thumbery_cache_written_bytes_total{tier="originals"}`); got != original {
		t.Errorf("%v bytes of originals were written, want %v", got, original)
	}
	if s.Metric(t, `thumbery_cache_written_bytes_total{tier="derivatives"}`) < 1000 {
		t.Error("no bytes of derivatives are counted")
	}
	if r := e2e.Get(t, s.Admin+"/debug/pprof/goroutine?debug=1"); r.Status != 200 || !bytes.Contains(r.Body, []byte("goroutine profile")) {
		t.Errorf("pprof: %d", r.Status)
	}
	var ready struct {
		Ready  bool
		Checks []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal(e2e.Get(t, s.Admin+"/readyz").Body, &ready); err != nil || !ready.Ready || len(ready.Checks) != 3 {
		t.Errorf("ready: %+v, %v", ready, err)
	}
	if r := e2e.Get(t, s.URL+"/metrics"); r.Status != http.StatusBadRequest {
		t.Errorf("the public sees /metrics: %d", r.Status)
	}
	s.Log.AwaitText(t, "path=/metrics") // the last request: lines wait for up to a second
	for _, want := range []string{
		"id=from-the-proxy-1 method=GET path=/300x/photos/cat.jpg status=200", "outcome=memory", "outcome=not-found", "URLs are not signed",
	} {
		if !strings.Contains(s.Log.String(), want) {
			t.Errorf("the log has no %q\n%s", want, s.Log)
		}
	}
}

// DELETE /cache/<key> forgets a picture with all its variants, and answers what
// went; the next request makes it again.
func TestForgetByAdmin(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a b.jpg"), e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", "cat.jpg")), 0o644); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+dir, "--cache", cache)
	e2e.Get(t, s.URL+"/30x/a%20b.jpg")
	e2e.Get(t, s.URL+"/40x/a%20b.jpg")
	if err := os.WriteFile(filepath.Join(dir, "a b.jpg"), e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", "lake.jpg")), 0o644); err != nil {
		t.Fatal(err)
	}
	r := e2e.Ask(t, http.MethodDelete, s.Admin+"/cache/a%20b.jpg")
	var f struct{ Originals, Derivatives, Memory int }
	if err := json.Unmarshal(r.Body, &f); err != nil || r.Status != 200 || f.Originals != 1 || f.Derivatives != 2 || f.Memory != 2 {
		t.Errorf("forgot %d %s, %v", r.Status, r.Body, err)
	}
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/30x/a%20b.jpg"), 30, 20, "jpeg") // the new one
	for path, status := range map[string]int{"/cache/none.jpg": 200, "/cache/../x": 400, "/cache/": 400} {
		if r := e2e.Ask(t, http.MethodDelete, s.Admin+path); r.Status != status {
			t.Errorf("DELETE %s: %d, want %d", path, r.Status, status)
		}
	}
}

// More than fit are refused at once, and said to come back.
func TestOverload(t *testing.T) {
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--workers", "1", "--queue", "1", "--max-versions", "0")
	e2e.Get(t, s.URL+"/raw/photos/lake.jpg")
	var mu sync.Mutex
	count := map[int]int{}
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			r, err := e2e.Do(http.MethodGet, s.URL+"/2000x,v_"+string(rune('a'+i))+"/photos/lake.jpg")
			if err != nil {
				t.Error(err)
			}
			if r.Status == http.StatusServiceUnavailable && (r.Header.Get("Retry-After") == "" || r.Header.Get("Cache-Control") != "no-store") {
				t.Errorf("503 with %v", r.Header)
			}
			mu.Lock()
			defer mu.Unlock()
			count[r.Status]++
		})
	}
	all.Wait()
	if count[200] < 2 || count[503] == 0 || count[200]+count[503] != 24 {
		t.Errorf("answers by status: %v", count)
	}
	if r := e2e.Get(t, s.URL+"/64x64/photos/lake.jpg"); r.Status != 200 {
		t.Errorf("afterwards: %d", r.Status)
	}
}
