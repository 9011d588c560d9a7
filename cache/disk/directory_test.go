package disk

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The check recreates missing parts of the cache directory and reports them once. The
// service stays ready meanwhile.
func TestCheckWritableRestores(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"originals", "mezzanines", "derivatives", "tmp", "keys", "."} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			d, err := OpenDirectory(dir, DirectoryOptions{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			if err := d.CheckWritable(); err != nil {
				t.Errorf("before: %v", err)
			}
			if err := os.RemoveAll(filepath.Join(dir, part)); err != nil {
				t.Fatal(err)
			}
			if err := Readable(dir); err != nil {
				t.Errorf("not ready: %v", err)
			}
			if err := d.CheckWritable(); err == nil || part != "." && !strings.HasSuffix(err.Error(), ": "+part) {
				t.Errorf("after it was removed: %v", err)
			}
			if info, err := os.Stat(filepath.Join(dir, part)); err != nil || info.Mode().Perm() != 0o750 {
				t.Errorf("it is not back: %v", err)
			}
			if err := d.CheckWritable(); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}
