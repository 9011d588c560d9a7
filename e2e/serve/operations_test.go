package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// The test reads what operators look at: health, readiness, metrics, profiles, the access
// log.
func TestOperations(t *testing.T) {
	t.Parallel()
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
	if err := json.Unmarshal(e2e.Get(t, s.Admin+"/readyz").Body, &ready); err != nil || !ready.Ready || len(ready.Checks) != 4 {
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
	t.Parallel()
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
func TestOverloadOfWorkers(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--workers", "1", "--queue", "1")
	ctx, leave := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	occupy := func(path, gauge string) { // for longer than this test takes
		busy.Go(func() { _ = visit(ctx, s.URL+path) }) // it leaves
		e2e.Eventually(t, gauge+" is 1", func() bool { return s.Metric(t, gauge) == 1 })
	}
	occupy("/4000x4000,up_1,fit_fill,blur_100,f_png/photos/lake.jpg", "thumbery_resizing")
	occupy("/4000x3999,up_1,fit_fill,blur_100,f_png/photos/lake.jpg", "thumbery_queue")
	for range 10 {
		r := e2e.Get(t, s.URL+"/64x64/photos/lake.jpg")
		e2e.WantProblem(t, "one too many", r, http.StatusServiceUnavailable, "busy", "")
		if r.Header.Get("Retry-After") == "" {
			t.Errorf("503 with %v", r.Header)
		}
	}
	leave()
	busy.Wait()
	e2e.Eventually(t, "the worker is free", func() bool { return e2e.Get(t, s.URL+"/64x64/photos/lake.jpg").Status == 200 })
}

// visit asks for a picture until ctx ends.
func visit(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := e2e.Client.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
