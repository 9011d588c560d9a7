package disk

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
)

// TestNoPlaceForMezzanines has a cache directory of an older version that can only
// be read any more: it is served from, without mezzanines.
func TestNoPlaceForMezzanines(t *testing.T) {
	dir := t.TempDir()
	if err := mountMemory(t, dir); err != nil {
		t.Skipf("mount: %v", err)
	}
	for _, tier := range []eviction.Tier{eviction.Originals, eviction.Derivatives} {
		s, err := Open(dir, tier.String(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fillOne(t, s)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("remount: %v", err)
	}
	var log strings.Builder
	d, err := OpenDirectory(dir, DirectoryOptions{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for tier, s := range map[eviction.Tier]cache.Store{eviction.Originals: d.Originals, eviction.Derivatives: d.Derivatives} {
		b, err := s.Open(source)
		if err != nil {
			t.Fatalf("%v: %v", tier, err)
		}
		b.Close()
	}
	if _, err := d.Mezzanines.Open(source); err != cache.ErrMiss {
		t.Errorf("Open of a mezzanine = %v, want a miss", err)
	}
	if !strings.Contains(log.String(), "no mezzanines are kept") {
		t.Errorf("the log says %q", log.String())
	}
}

// TestOpenMakesMezzanines is an upgrade: each store is guarded and of its own tier.
func TestOpenMakesMezzanines(t *testing.T) {
	dir := t.TempDir()
	_ = mountMemory(t, dir) // or it takes longer, to make all directories
	for _, tier := range []string{Originals, Derivatives} {
		if err := os.Mkdir(filepath.Join(dir, tier), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	o := DirectoryOptions{Log: slog.New(slog.DiscardHandler)}
	o.MinFree = 0.999999 // less than that is free, or nothing would be in use
	d, err := OpenDirectory(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []cache.Store{d.Originals, d.Mezzanines, d.Derivatives} {
		if b := fillOne(t, s); !errors.Is(b.NotKept, cache.ErrNoRoom) {
			t.Errorf("with too little free: NotKept = %v", b.NotKept)
		}
	}
	o.MinFree = 0
	if d, err = OpenDirectory(dir, o); err != nil {
		t.Fatal(err)
	}
	for tier, s := range map[eviction.Tier]cache.Store{eviction.Originals: d.Originals, eviction.Mezzanines: d.Mezzanines, eviction.Derivatives: d.Derivatives} {
		if b := fillOne(t, s); b.NotKept != nil || !strings.HasPrefix(b.Path, tier.String()+"/3fa/") {
			t.Errorf("%v: filled %q, NotKept %v", tier, b.Path, b.NotKept)
		}
	}
}

// mountMemory puts a file system in memory there until the test ends.
func mountMemory(t *testing.T, dir string) error {
	err := unix.Mount("thumbery-test", dir, "tmpfs", 0, "")
	if err == nil {
		t.Cleanup(func() { _ = unix.Unmount(dir, 0) })
	}
	return err
}

// fillOne keeps one body, and returns its Blob, closed.
func fillOne(t *testing.T, s cache.Store) *cache.Blob {
	t.Helper()
	b, err := s.Fill(t.Context(), source, strings.NewReader("body"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	return b
}

// TestTierInTheWay refuses what is a mistake, and no disk that cannot be written.
func TestTierInTheWay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, Mezzanines), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDirectory(dir, DirectoryOptions{Log: slog.New(slog.DiscardHandler)}); err == nil || unwritable(err) {
		t.Errorf("a file in place of a tier: %v", err)
	}
	for err, want := range map[error]bool{
		unix.EROFS: true, unix.ENOSPC: true, unix.EACCES: true, &fs.PathError{Err: unix.EDQUOT}: true,
		unix.ENOTDIR: false, unix.EIO: false, fs.ErrExist: false,
	} {
		if unwritable(err) != want {
			t.Errorf("unwritable(%v) = %v", err, !want)
		}
	}
}
