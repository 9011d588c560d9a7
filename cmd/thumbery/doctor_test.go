package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/variant"
)

func TestMalloc(t *testing.T) {
	const (
		glibc    = "7f00-7f01 r-xp 00000000 08:01 99 /usr/lib/x86_64-linux-gnu/libc.so.6\n"
		jemalloc = "7f02-7f03 r-xp 00000000 08:01 98 /usr/lib/x86_64-linux-gnu/libjemalloc.so.2\n"
		musl     = "7f00-7f01 r-xp 00000000 08:01 99 /lib/ld-musl-x86_64.so.1\n"
	)
	for _, c := range []struct {
		maps, says string
	}{
		{glibc + jemalloc, "jemalloc"},
		{glibc, "MALLOC_ARENA_MAX"},
		{musl, "not glibc's"},
	} {
		if f := malloc(c.maps); f.verdict != good || !strings.Contains(f.says, c.says) {
			t.Errorf("malloc(%q) = %s %q, want %q", c.maps, f.verdict, f.says, c.says)
		}
	}
}

func TestJudgeSpace(t *testing.T) {
	for _, c := range []struct {
		free, total, files, allFiles int64
		verdict                      verdict
	}{
		{50, 100, 50, 100, good},
		{9, 100, 50, 100, slow},
		{1, 100, 50, 100, slow},
		{1, 10_000, 50, 100, slow},
		{50, 100, 9, 100, slow},
		{50, 100, 4, 100, wrong},
		{0, 100, 50, 100, wrong},
		{50, 100, 0, 100, wrong},
		{50, 100, 0, 0, good}, // inodes are not counted
	} {
		s := eviction.Space{FreeBytes: c.free << 30, TotalBytes: c.total << 30, FreeFiles: c.files, TotalFiles: c.allFiles}
		f := judgeSpace(s)
		if f.verdict != c.verdict {
			t.Errorf("%+v: %s %q, want %s", c, f.verdict, f.says, c.verdict)
		}
		if strings.Contains(f.says, "inodes") != (c.allFiles > 0) || strings.Contains(f.says, "--min-free") != (c.verdict != good) {
			t.Errorf("%+v: %q", c, f.says)
		}
	}
}

func TestFormatsMissing(t *testing.T) {
	have := []variant.Format{variant.JPEG, variant.PNG, variant.GIF}
	f := formats("writes", have, resize.WrittenFormats)
	if f.verdict != wrong || !strings.Contains(f.says, "not webp avif:") {
		t.Errorf("%s %q", f.verdict, f.says)
	}
	for asked, want := range map[resize.Formats]verdict{
		resize.DefaultFormats:                       wrong,
		resize.FormatsOf(have...):                   good,
		resize.FormatsOf(variant.JPEG, variant.JXL): good,
		resize.FormatsOf(variant.JPEG, variant.SVG): wrong,
	} {
		if f := formats("reads", have, needed(asked)); f.verdict != want {
			t.Errorf("%s: %s %q", asked, f.verdict, f.says)
		}
	}
}

func TestFaster(t *testing.T) {
	for _, c := range []struct {
		speed vips.Speed
		says  string
	}{
		{vips.Speed{SIMD: true}, ""},
		{vips.Speed{SIMD: true, Old: true}, "libvips 8.18"},
		{vips.Speed{Old: true}, "highway"},
		{vips.Speed{}, "highway"},
	} {
		got := faster(c.speed)
		if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("faster(%+v) = %q, want %q", c.speed, got, c.says)
		}
	}
}

// TestOneFileSystem needs a second file system, which /dev/shm usually is.
func TestOneFileSystem(t *testing.T) {
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
