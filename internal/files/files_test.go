package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSetgidIsHandedDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700|fs.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(dir, "a", "b")
	if err := MakeDirectory(below); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(below); err != nil || info.Mode() != fs.ModeDir|fs.ModeSetgid|DirMode {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// A file that has the right owner already is not given to it: in a user namespace that fails if the
// owner has no number there. A chown would show as a later ctime.
func TestOwnerIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	changed := func(path string) unix.Timespec {
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			t.Fatal(err)
		}
		return st.Ctim
	}
	path, clock := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write := func(path string) {
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(path)
	before := changed(path)
	for write(clock); changed(clock) == before; write(clock) { // until the file system's clock goes on
	}
	if err := chownLike(clock, path); err != nil || changed(path) != before {
		t.Errorf("%v; changed at %v, and before at %v", err, changed(path), before)
	}
}

// TestReplacedBeforeTheLock has a file replaced between being opened and being
// locked: what were written there would be lost.
func TestReplacedBeforeTheLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "77")
	for _, tt := range []struct {
		what    string
		replace func() error
		want    bool
	}{
		{"left alone", func() error { return nil }, true},
		{"replaced", func() error {
			if err := os.WriteFile(path+"new", nil, 0o644); err != nil {
				return err
			}
			return os.Rename(path+"new", path)
		}, false},
		{"removed", func() error { return os.Remove(path) }, false},
	} {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.replace(); err != nil {
			t.Fatal(err)
		}
		if current, err := LockCurrent(t.Context(), f, unix.LOCK_SH); current != tt.want || err != nil {
			t.Errorf("%s: %v, %v, want %v", tt.what, current, err, tt.want)
		}
		f.Close()
	}
}

// A lock that is released is taken.
func TestLockIsReleased(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "77")
	var files [2]*os.File
	for i := range files {
		f, err := OpenOrCreate(path, os.O_RDWR)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	if err := Lock(t.Context(), files[0], unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(files[1], unix.LOCK_SH); err != unix.EWOULDBLOCK {
		t.Errorf("while it is locked: %v, want EWOULDBLOCK", err)
	}
	waited := make(chan error)
	go func() { waited <- Lock(t.Context(), files[1], unix.LOCK_EX) }()
	files[0].Close()
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

// A caller that waits for a lock returns when its context ends.
func TestLockEndsWithItsContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "77")
	holder, err := OpenOrCreate(path, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if err := TryLock(holder, unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	errDone := errors.New("done")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errDone)
	for _, how := range []int{unix.LOCK_EX, unix.LOCK_SH} {
		f, err := OpenOrCreate(path, os.O_RDWR)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := Lock(ctx, f, how); !errors.Is(err, errDone) {
			t.Errorf("%v, want the cause of the context", err)
		}
	}
}

// A file that never is the one under its name is given up.
func TestOpenLockedGivesUp(t *testing.T) {
	t.Parallel()
	path, attempts := filepath.Join(t.TempDir(), "77"), 0
	f, err := openCurrent(path, os.O_RDWR, func(*os.File) (bool, error) { attempts++; return false, nil })
	if f != nil || !errors.Is(err, errReplaced) || attempts != maxReplaced {
		t.Errorf("%v after %d attempts, want %d", err, attempts, maxReplaced)
	}
}
