package serve

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
)

// A picture that another process purges is also removed from the memory of a running
// server.
func TestPurgeBesideServer(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache)
	for _, key := range []string{"photos/cat.jpg", "photos/coast.jpg", "odd/gray.jpg"} {
		e2e.Get(t, s.URL+"/30x/"+key)
		e2e.Get(t, s.URL+"/40x/"+key)
	}
	if out, status := e2e.Purge(t, "--cache", cache, "--source", "photos/cat.jpg"); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	wantForgotten(t, s, "/30x/photos/cat.jpg")
	e2e.WantCache(t, e2e.Get(t, s.URL+"/30x/photos/coast.jpg"), e2e.HitMemory)
	if out, status := e2e.Purge(t, "--cache", cache, "--prefix", "photos/"); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	wantForgotten(t, s, "/40x/photos/coast.jpg")
	e2e.WantCache(t, e2e.Get(t, s.URL+"/40x/odd/gray.jpg"), e2e.HitMemory)

	if out, status := e2e.Purge(t, "--cache", cache, "--max-files", "1000000"); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	var stock struct {
		Counted                struct{ Time time.Time }
		Originals, Derivatives struct{ Files, Bytes int64 }
	}
	counted := func() {
		t.Helper()
		if err := json.Unmarshal(e2e.Get(t, s.Admin+"/cache").Body, &stock); err != nil {
			t.Fatal(err)
		}
	}
	counted()
	derivatives := int64(len(e2e.Files(t, filepath.Join(cache, "derivatives"))))
	if stock.Counted.Time.IsZero() || stock.Derivatives.Files != derivatives || stock.Derivatives.Bytes == 0 {
		t.Errorf("GET /cache says %+v, there are %d derivatives", stock, derivatives)
	}
	e2e.Get(t, s.URL+"/50x/odd/gray.jpg")
	if counted(); stock.Derivatives.Files != derivatives+1 {
		t.Errorf("after one more GET /cache says %+v", stock)
	}
}

// wantForgotten waits for a miss: entries in memory are checked against the disk once a
// second.
func wantForgotten(t *testing.T, s *e2e.Server, path string) {
	t.Helper()
	e2e.Eventually(t, path+" is forgotten", func() bool {
		return e2e.Get(t, s.URL+path).Header.Get("Cache-Status") == e2e.MissStored
	})
}
