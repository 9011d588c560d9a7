package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

func TestJudgeSpace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		free, total, files, allFiles int64
		status                       Status
	}{
		{50, 100, 50, 100, OK},
		{9, 100, 50, 100, Slow},
		{1, 100, 50, 100, Slow},
		{1, 10_000, 50, 100, Slow},
		{50, 100, 9, 100, Slow},
		{50, 100, 4, 100, Wrong},
		{0, 100, 50, 100, Wrong},
		{50, 100, 0, 100, Wrong},
		{50, 100, 0, 0, OK}, // inodes are not counted
	} {
		s := eviction.Space{FreeBytes: c.free << 30, TotalBytes: c.total << 30, FreeFiles: c.files, TotalFiles: c.allFiles}
		f := judgeSpace(s)
		if f.Status != c.status {
			t.Errorf("%+v: %s %q, want %s", c, f.Status, f.Message, c.status)
		}
		if strings.Contains(f.Message, "inodes") != (c.allFiles > 0) || strings.Contains(f.Message, "--min-free") != (c.status != OK) {
			t.Errorf("%+v: %q", c, f.Message)
		}
	}
}

func TestFormatsMissing(t *testing.T) {
	t.Parallel()
	have := header.FormatsOf(variant.JPEG, variant.PNG, variant.GIF)
	f := checkFormats("writes", have, resize.WrittenFormats)
	if f.Status != Wrong || !strings.Contains(f.Message, "not webp avif:") {
		t.Errorf("%s %q", f.Status, f.Message)
	}
	for asked, want := range map[header.Formats]Status{
		header.DefaultFormats: Wrong,
		have:                  OK,
		header.FormatsOf(variant.JPEG, variant.JXL): OK,
		header.FormatsOf(variant.JPEG, variant.SVG): Wrong,
	} {
		if f := checkFormats("reads", have, requiredFormats(asked)); f.Status != want {
			t.Errorf("%s: %s %q", asked, f.Status, f.Message)
		}
	}
}

// TestOneFileSystem needs a second file system, which /dev/shm usually is.
func TestOneFileSystem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, disk.Originals), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := oneFileSystem(dir); err != nil {
		t.Errorf("one directory on one file system: %v", err)
	}
	other, err := os.MkdirTemp("/dev/shm", "thumbery-")
	if err != nil {
		t.Skip("no second file system: ", err)
	}
	defer os.RemoveAll(other)
	if err := os.Symlink(other, filepath.Join(dir, disk.Temporary)); err != nil {
		t.Fatal(err)
	}
	if err := oneFileSystem(dir); err == nil || !strings.Contains(err.Error(), "another file system") {
		t.Errorf("two file systems: %v", err)
	}
	elsewhere := t.TempDir()
	if err := os.Mkdir(filepath.Join(elsewhere, disk.Originals), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(elsewhere, disk.Mezzanines)); err != nil {
		t.Fatal(err)
	}
	if err := oneFileSystem(elsewhere); err == nil || !strings.Contains(err.Error(), disk.Mezzanines+" is on another file system") {
		t.Errorf("mezzanines on another file system: %v", err)
	}
}
