package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cache/disk"
)

func removeAll(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// The check recreates missing parts of the cache directory and reports them once. The
// service stays ready meanwhile.
func TestWritableRestores(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"originals", "mezzanines", "derivatives", "tmp", "keys", "."} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			log := slog.New(slog.DiscardHandler)
			f := cacheFlags{Cache: dir}
			d, err := f.open(log)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.writable(dir, log); err != nil {
				t.Errorf("before: %v", err)
			}
			removeAll(t, filepath.Join(dir, part))
			if err := disk.Readable(f.Cache); err != nil {
				t.Errorf("not ready: %v", err)
			}
			if err := d.writable(dir, log); err == nil || part != "." && !strings.HasSuffix(err.Error(), ": "+part) {
				t.Errorf("after it was removed: %v", err)
			}
			if info, err := os.Stat(filepath.Join(dir, part)); err != nil || info.Mode().Perm() != 0o750 {
				t.Errorf("it is not back: %v", err)
			}
			if err := d.writable(dir, log); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}
