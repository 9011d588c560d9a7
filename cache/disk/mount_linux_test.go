package disk

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/variant"
)

// newMountedStore returns a store on a tmpfs with these options, or skips the test if it must
// not mount. The unmount at the end fails if a file is still open.
func newMountedStore(t *testing.T, options string) (s *Store, dir string) {
	t.Helper()
	return newStoreMounted(t, options, 0, Options{})
}

func newStoreMounted(t *testing.T, options string, flags uintptr, o Options) (s *Store, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("thumbery-test", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
			_ = unix.Unmount(dir, unix.MNT_DETACH)
		}
	})
	s, err := Open(dir, Derivatives, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// The service sets the last use itself, whatever the kernel does about atimes.
func TestUseOnMounts(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string]uintptr{"noatime": unix.MS_NOATIME, "relatime": unix.MS_RELATIME, "strictatime": unix.MS_STRICTATIME} {
		t.Run(name, func(t *testing.T) {
			filled := time.Now().Add(-30 * 24 * time.Hour)
			clk := &clock{filled}
			s, _ := newStoreMounted(t, "size=8m,nr_inodes=20000", flags, Options{Now: clk.Now})
			names := map[string]variant.Name{"Open": "3fa0-111", "Touch": "3fa0-222"}
			paths := map[string]string{}
			for use, n := range names {
				paths[use] = fill(t, s, n, "body", someTime)
			}
			clk.now = filled.Add(20 * 24 * time.Hour)
			useByOpen(t, s, names["Open"])
			useByTouch(t, s, names["Touch"])
			for use, path := range paths {
				if accessed, modified := timesOf(t, path); !accessed.Equal(clk.now) || !modified.Equal(someTime) {
					t.Errorf("%s: atime %v, mtime %v, want %v and %v", use, accessed, modified, clk.now, someTime)
				}
			}
		})
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	s, dir := newMountedStore(t, "size=200k")
	fill(t, s, name, "small", someTime)
	b, err := s.Fill(t.Context(), source, strings.NewReader(longBody), someTime)
	if err != nil {
		t.Fatal(err)
	}
	wantNotKept(t, b, longBody)
	b.Close()
	wantNoTemporaries(t, dir)
	wantMiss(t, s, source)
	wantOpen(t, s, name, "small")
	fill(t, s, source, "fits", someTime) // what was spooled has made room again
}

// There is no inode for the temp file, beside the root, tmp/ and the tier; or one for it, but
// none for the directory of its name.
func TestNoInodes(t *testing.T) {
	t.Parallel()
	s, _ := newMountedStore(t, "nr_inodes=3")
	if err := s.Check(); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Check = %v, want ENOSPC", err)
	}
	wantNoRoom(t, s)
	s, dir := newMountedStore(t, "nr_inodes=4")
	wantNoRoom(t, s)
	wantNoTemporaries(t, dir)
}

func wantNoRoom(t *testing.T, s *Store) {
	t.Helper()
	b, err := s.Fill(t.Context(), name, strings.NewReader(longBody), someTime)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	wantNotKept(t, b, longBody)
}

func TestReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	s, dir := newMountedStore(t, "")
	fill(t, s, name, "body", someTime)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("remount: %v", err)
	}
	s, err := Open(dir, Derivatives, Options{})
	if err != nil {
		t.Fatalf("Open where all is there: %v", err)
	}
	wantOpen(t, s, name, "body")
	s.Touch(name)
	b, err := s.Fill(t.Context(), name, strings.NewReader("new"), someTime)
	if err != nil || !errors.Is(b.NotKept, unix.EROFS) {
		t.Errorf("Fill = %+v, %v, want NotKept for EROFS", b, err)
	}
	for what, err := range map[string]error{"Check": s.Check(), "Remove": s.Remove(name)} {
		if !errors.Is(err, unix.EROFS) {
			t.Errorf("%s = %v, want EROFS", what, err)
		}
	}
	if _, err := Open(dir, Originals, Options{}); !errors.Is(err, unix.EROFS) || !strings.Contains(err.Error(), dir) {
		t.Errorf("Open of a tier that is not there = %v", err)
	}
}

func TestTwoFileSystems(t *testing.T) {
	t.Parallel()
	_, dir := newMountedStore(t, "")
	tmp := filepath.Join(dir, Temporary)
	if err := unix.Mount("thumbery-test", tmp, "tmpfs", 0, ""); err != nil {
		t.Skipf("mount: %v", err)
	}
	defer func() { _ = unix.Unmount(tmp, 0) }()
	if _, err := Open(dir, Derivatives, Options{}); err == nil || !strings.Contains(err.Error(), "two file systems") {
		t.Errorf("Open = %v, want it refused", err)
	}
}
