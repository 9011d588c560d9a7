package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox"
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
	if f.Status != Wrong || !strings.Contains(f.Message, "not webp avif jxl:") {
		t.Errorf("%s %q", f.Status, f.Message)
	}
	for asked, want := range map[header.Formats]Status{
		header.DefaultFormats: Wrong,
		have:                  OK,
		header.FormatsOf(variant.JPEG, variant.JXL): OK,
		header.FormatsOf(variant.JPEG, variant.JP2): Wrong,
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

func TestCheckEngine(t *testing.T) {
	t.Parallel()
	able := Engine{Workers: 2, Memory: 1 << 30, Walls: []sandbox.Wall{{Name: "seccomp"}, {Name: "landlock", Missing: "the kernel\nhas none"}}}
	able.Libvips, able.Reads, able.Writes, able.Speed.SIMD = "8.18.0", header.DefaultFormats, resize.WrittenFormats, true
	for _, c := range []struct {
		change   func(*Engine, *Config)
		name     string
		status   Status
		says     string
		startErr error
	}{
		{name: "libvips", status: OK, says: "8.18.0 with SIMD"},
		{name: "libvips", status: Wrong, says: "no program", startErr: errors.New("no program")},
		{name: "libvips", status: Slow, says: "highway", change: func(e *Engine, _ *Config) { e.Speed.SIMD = false }},
		{name: "memory", status: OK, says: "up to 1.0 GiB for each of 2 workers"},
		{name: "memory", status: Slow, says: "--memory", change: func(e *Engine, _ *Config) { e.Memory = minimum }},
		{name: "memory", status: Weak, says: "no limit", change: func(e *Engine, _ *Config) { e.Memory = 0 }},
		{name: "sandbox", status: Weak, says: "seccomp, no landlock (the kernel has none): "},
		{name: "sandbox", status: Wrong, says: "--sandbox=require", change: func(_ *Engine, c *Config) { c.Required = true }},
		{name: "sandbox", status: OK, says: "seccomp", change: func(e *Engine, _ *Config) { e.Walls = e.Walls[:1] }},
	} {
		e := able
		config := Config{Engine: func(context.Context) (Engine, error) { return e, c.startErr }, Formats: header.DefaultFormats}
		if c.change != nil {
			c.change(&e, &config)
		}
		checks := checkEngine(t.Context(), config)
		i := slices.IndexFunc(checks, func(got Check) bool { return got.Name == c.name })
		if i < 0 || checks[i].Status != c.status || !strings.Contains(checks[i].Message, c.says) {
			t.Errorf("%s, %q: %+v", c.name, c.says, checks)
		}
	}
}

const minimum = 64 << 20
