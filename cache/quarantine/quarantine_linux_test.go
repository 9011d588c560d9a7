package quarantine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Work is recorded on a full disk. What is begun while the disk is read-only is not recorded,
// and nothing else is lost.
func TestQuarantineOnMounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := unix.Mount("thumbery-test", dir, "tmpfs", 0, "size=200k"); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
			_ = unix.Unmount(dir, unix.MNT_DETACH)
		}
	})
	i := &isolation{&clock{someTime}, t, dir}
	q := i.process(0)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o644); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	i.begin(q, "a")
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	i.begin(q, "b")()
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	die(t, q)
	next := i.process(1)
	i.want(next, "a", true)
	i.want(next, "b", false)
	next.Close() // so that nothing is open
}
