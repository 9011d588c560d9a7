package serve

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// parts are the parts of a cache directory that has been used and purged.
var parts = []string{"originals", "mezzanines", "derivatives", "tmp", "keys", "census.json", "purge.lock"}

// Parts of the cache directory that are deleted while a server runs are recreated by
// requests that need them or by GET /readyz, which reports them. Requests succeed
// meanwhile, and new originals are found by their prefix.
func TestCacheEmptied(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		part   string
		looked bool // at /readyz, before anything is written
	}{
		{"*", true},
		{"*", false},
		{".", true},
		{".", false},
		{"originals", true},
		{"derivatives", true},
		{"tmp", true},
		{"mezzanines", true},
		{"mezzanines", false},
		{"keys", true},
		{"keys", false},
		{"census.json", false},
		{"purge.lock", false},
	} {
		t.Run(fmt.Sprintf("%s, looked %v", tt.part, tt.looked), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", dir, "--mezzanine", "512", "--mezzanine-over", "1")
			useAll(t, s, dir, "photos/cat.jpg")
			wantReady(t, s, false)
			removeParts(t, dir, tt.part)
			if tt.looked {
				wantReady(t, s, true)
			}
			if r := e2e.Get(t, s.URL+"/40x/photos/cat.jpg"); r.Status != 200 { // from memory, or again
				t.Errorf("a picture that was there: %d", r.Status)
			}
			useAll(t, s, dir, "photos/coast.jpg")
			wantReady(t, s, false)
			if out, status := e2e.Purge(t, "--cache", dir, "--prefix", "photos/coast"); status != 0 || !strings.Contains(string(out), "1 picture") {
				t.Errorf("purge --prefix: %d %s", status, out)
			}
			wantModes(t, dir)
		})
	}
}

// useAll makes a derivative and a mezzanine and purges, after which all parts exist.
func useAll(t *testing.T, s *e2e.Server, dir, key string) {
	t.Helper()
	if r := e2e.Get(t, s.URL+"/40x/"+key); r.Status != 200 {
		t.Errorf("%s: %d %s", key, r.Status, r.Body)
	}
	e2e.Eventually(t, "a mezzanine of "+key, func() bool {
		found, err := filepath.Glob(filepath.Join(dir, "mezzanines", "*", e2e.NameOf(key)+"-*"))
		return err == nil && len(found) == 1
	})
	if out, status := e2e.Purge(t, "--cache", dir, "--max-files", "1000"); status != 0 {
		t.Errorf("purge: %d %s", status, out)
	}
	for _, part := range parts {
		if _, err := os.Stat(filepath.Join(dir, part)); err != nil {
			t.Errorf("it has not come back: %v", err)
		}
	}
}

// wantReady checks that the server is ready, and whether it is degraded.
func wantReady(t *testing.T, s *e2e.Server, degraded bool) {
	t.Helper()
	var ready struct{ Ready, Degraded bool }
	r := e2e.Get(t, s.Admin+"/readyz")
	if err := json.Unmarshal(r.Body, &ready); err != nil || r.Status != 200 || !ready.Ready || ready.Degraded != degraded {
		t.Errorf("/readyz: %d, %v, want degraded %v:\n%s", r.Status, err, degraded, r.Body)
	}
}

// removeParts removes a part, everything ("*"), or the directory itself (".").
func removeParts(t *testing.T, dir, part string) {
	t.Helper()
	paths := []string{filepath.Join(dir, part)}
	if part == "*" {
		var err error
		if paths, err = filepath.Glob(filepath.Join(dir, "*")); err != nil || len(paths) < len(parts) {
			t.Fatalf("%q, %v", paths, err)
		}
	}
	for _, path := range paths {
		e2e.Eventually(t, path+" is removed while the server writes", func() bool { return os.RemoveAll(path) == nil })
	}
}
