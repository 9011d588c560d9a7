package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parts are what a cache directory consists of when it was used and purged.
var parts = []string{"originals", "mezzanines", "derivatives", "tmp", "keys", "census.json", "purge.lock"}

// What somebody removes of the cache directory while a server runs comes back with the
// requests that need it, or with the next look at /readyz, which says so; all is answered
// meanwhile, and what comes now is found by its prefix.
func TestCacheEmptied(t *testing.T) {
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
			s := serve(t, "--source", "/=file:"+testdata(t), "--cache", dir, "--mezzanine", "512", "--mezzanine-over", "1")
			useAll(t, s, dir, "photos/cat.jpg")
			s.wantReady(t, false)
			removeParts(t, dir, tt.part)
			if tt.looked {
				s.wantReady(t, true)
			}
			if r := get(t, s.url+"/40x/photos/cat.jpg"); r.status != 200 { // from memory, or again
				t.Errorf("a picture that was there: %d", r.status)
			}
			useAll(t, s, dir, "photos/coast.jpg")
			s.wantReady(t, false)
			if out, status := purge(t, "--cache", dir, "--prefix", "photos/coast"); status != 0 || !strings.Contains(string(out), "1 picture") {
				t.Errorf("purge --prefix: %d %s", status, out)
			}
			wantModes(t, dir)
		})
	}
}

// useAll has a new picture made, with a mezzanine, and purges, after which all parts
// are there.
func useAll(t *testing.T, s *server, dir, key string) {
	t.Helper()
	if r := get(t, s.url+"/40x/"+key); r.status != 200 {
		t.Errorf("%s: %d %s", key, r.status, r.body)
	}
	eventually(t, "a mezzanine of "+key, func() bool {
		found, err := filepath.Glob(filepath.Join(dir, "mezzanines", "*", nameOf(key)+"-*"))
		return err == nil && len(found) == 1
	})
	if out, status := purge(t, "--cache", dir, "--max-files", "1000"); status != 0 {
		t.Errorf("purge: %d %s", status, out)
	}
	for _, part := range parts {
		if _, err := os.Stat(filepath.Join(dir, part)); err != nil {
			t.Errorf("it has not come back: %v", err)
		}
	}
}

// wantReady asks whether the server is ready, which it is, and degraded or not.
func (s *server) wantReady(t *testing.T, degraded bool) {
	t.Helper()
	var ready struct{ Ready, Degraded bool }
	r := get(t, s.admin+"/readyz")
	if err := json.Unmarshal(r.body, &ready); err != nil || r.status != 200 || !ready.Ready || ready.Degraded != degraded {
		t.Errorf("/readyz: %d, %v, want degraded %v:\n%s", r.status, err, degraded, r.body)
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
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}
