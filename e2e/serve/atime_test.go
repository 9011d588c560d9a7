package serve

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
)

// Every kind of answer updates the atime of the file, and not its mtime: a hit on disk or
// in memory, a 304, a HEAD, and what nginx sends.
func TestUseIsNoted(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	source := []string{"--source", "/=file:" + e2e.Testdata(t), "--cache", cache}
	const path = "/300x200/photos/cat.jpg"
	warm := e2e.Serve(t, source...)
	tag := e2e.Get(t, warm.URL+path).Header.Get("ETag")
	handing := e2e.Serve(t, append(source, "--accel", "/cache/")...)
	cold := e2e.Serve(t, append(source, "--hot", "0")...)
	file := e2e.Files(t, filepath.Join(cache, "derivatives"))[0]
	for _, use := range []struct {
		name, method string
		s            *e2e.Server
		status       int
		headers      []string
	}{
		{"disk", http.MethodGet, cold, 200, nil},
		{"memory", http.MethodGet, warm, 200, nil},
		{"not modified", http.MethodGet, cold, 304, []string{"If-None-Match", tag}},
		{"not modified, from memory", http.MethodGet, warm, 304, []string{"If-None-Match", tag}},
		{"HEAD", http.MethodHead, cold, 200, nil},
		{"accel", http.MethodGet, handing, 200, nil},
	} {
		long := time.Now().Add(-48 * time.Hour)
		before, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, long, before.ModTime()); err != nil {
			t.Fatal(err)
		}
		wantNoted(t, use.name, file, func() {
			if r := e2e.Ask(t, use.method, use.s.URL+path, use.headers...); r.Status != use.status {
				t.Errorf("%s: %d, want %d", use.name, r.Status, use.status)
			}
		})
		if after, err := os.Stat(file); err != nil || !after.ModTime().Equal(before.ModTime()) {
			t.Errorf("%s: the mtime moved from %v to %v, %v", use.name, before.ModTime(), after.ModTime(), err)
		}
	}
}

// wantNoted uses a file until its atime is updated, which may take a second for entries in
// memory.
func wantNoted(t *testing.T, name, file string, use func()) {
	t.Helper()
	e2e.Eventually(t, name+": the use is noted", func() bool {
		use()
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return time.Since(e2e.Accessed(info)) < time.Hour
	})
}
