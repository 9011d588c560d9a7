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
	for looked, lost := range map[bool][]string{ // at /readyz, before anything is written
		true:  {"*", ".", "originals", "derivatives", "tmp", "mezzanines", "keys"},
		false: {"*", ".", "mezzanines", "keys", "census.json", "purge.lock"},
	} {
		t.Run(fmt.Sprintf("looked %v", looked), func(t *testing.T) {
			t.Parallel()
			source, dir := t.TempDir(), filepath.Join(t.TempDir(), "cache")
			picture := e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", "cat.jpg"))
			e2e.Must(t, os.WriteFile(filepath.Join(source, "kept.jpg"), picture, 0o644))
			s := e2e.Serve(t, "--source", "/=file:"+source, "--cache", dir, "--mezzanine", "512", "--mezzanine-over", "1")
			useAll(t, s, dir, "kept.jpg")
			for i, part := range lost {
				wantReady(t, s, false)
				removeParts(t, dir, part)
				if looked {
					wantReady(t, s, true)
				}
				if r := e2e.Get(t, s.URL+"/40x/kept.jpg"); r.Status != 200 { // from memory, or again
					t.Errorf("without %s, a picture that was there: %d", part, r.Status)
				}
				key := fmt.Sprintf("new%d.jpg", i)
				e2e.Must(t, os.WriteFile(filepath.Join(source, key), picture, 0o644))
				useAll(t, s, dir, key)
				wantReady(t, s, false)
				if out, status := e2e.Purge(t, "--cache", dir, "--prefix", key); status != 0 || !strings.Contains(string(out), "1 picture") {
					t.Errorf("after %s was removed: purge --prefix: %d %s", part, status, out)
				}
				wantModes(t, dir)
			}
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
