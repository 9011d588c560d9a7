package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// With a full disk, everything is served that fits into memory. Needs root, for a small
// file system.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	cache := smallDisk(t, "8m,nr_inodes=20000")
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")
	fillUp(t, cache)
	for range 2 {
		e2e.WantPicture(t, e2e.Get(t, s.URL+"/310x200/photos/cat.jpg"), 310, 200, "jpeg")   // a new size
		e2e.WantPicture(t, e2e.Get(t, s.URL+"/310x200/photos/coast.jpg"), 310, 200, "jpeg") // a new original
		e2e.WantPicture(t, e2e.Get(t, s.URL+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")   // what is kept
	}
	if s.Metric(t, `thumbery_cache_write_errors_total{tier="derivatives"}`) == 0 {
		t.Error("no failed write is counted")
	}
	if err := os.Remove(filepath.Join(cache, "ballast")); err != nil {
		t.Fatal(err)
	}
	awaitDiskLow(t, s, 0)
	e2e.WantCache(t, e2e.Get(t, s.URL+"/320x200/photos/cat.jpg"), e2e.MissStored)
}

// awaitDiskLow waits until the server notices that the disk is low, or no longer is: it
// looks once a second.
func awaitDiskLow(t *testing.T, s *e2e.Server, want float64) {
	t.Helper()
	e2e.Eventually(t, fmt.Sprintf("thumbery_disk_low becomes %v", want), func() bool { return s.Metric(t, "thumbery_disk_low") == want })
}

// Below --min-free nothing new is cached, and everything is served.
func TestLowDiskSpace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		flags []string
		free  int64 // bytes, that are left
	}{
		"half":    {[]string{"--min-free", "50%"}, 7 << 20},
		"default": {nil, 700 << 10}, // of 16 MiB
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := smallDisk(t, "16m,nr_inodes=20000")
			s := e2e.Serve(t, append(tt.flags, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache)...)
			e2e.WantCache(t, e2e.Get(t, s.URL+"/300x200/photos/cat.jpg"), e2e.MissStored)
			var disk syscall.Statfs_t
			if err := syscall.Statfs(cache, &disk); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(cache, "ballast"), make([]byte, int64(disk.Bavail)*disk.Bsize-tt.free), 0o644); err != nil {
				t.Fatal(err)
			}
			awaitDiskLow(t, s, 1)
			e2e.WantCache(t, e2e.Get(t, s.URL+"/310x200/photos/cat.jpg"), "thumbery;fwd=miss")
			e2e.WantPicture(t, e2e.Get(t, s.URL+"/310x200/photos/lake.jpg"), 310, 200, "jpeg")
			e2e.WantCache(t, e2e.Get(t, s.URL+"/300x200/photos/cat.jpg"), e2e.HitMemory)
			if n := strings.Count(s.Log.String(), "less than --min-free left"); n != 1 {
				t.Errorf("it is logged %d times", n)
			}
		})
	}
}

// smallDisk mounts a tmpfs of a size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("thumbery-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("cannot mount a small file system, which needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillUp uses all space of a file system.
func fillUp(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
