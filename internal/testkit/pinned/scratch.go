package pinned

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// scratchPrefix begins the names of scratch directories.
const scratchPrefix = "thumbery-scratch-"

// UseScratch makes an empty directory the temporary directory of this process and of those
// that it starts (TMPDIR). Call remove at the end. It first removes the directories of
// processes that were killed before they could.
func UseScratch() (remove func(), err error) {
	dir, unlock, err := newScratch(os.TempDir())
	if err != nil {
		return nil, err
	}
	before, was := os.LookupEnv("TMPDIR")
	if err := os.Setenv("TMPDIR", dir); err != nil {
		return nil, err
	}
	return func() {
		if was {
			_ = os.Setenv("TMPDIR", before)
		} else {
			_ = os.Unsetenv("TMPDIR")
		}
		_ = os.RemoveAll(dir) // it is in a temporary directory
		unlock()
	}, nil
}

// newScratch makes a directory in parent that is locked while this process lives, and
// removes those that are not locked.
func newScratch(parent string) (dir string, unlock func(), err error) {
	// One process at a time: between making and locking a directory, another one would
	// take it for that of a dead process.
	release, err := Lock(filepath.Join(parent, scratchPrefix+"lock"))
	if err != nil {
		return "", nil, err
	}
	defer release()
	left, err := filepath.Glob(filepath.Join(parent, scratchPrefix+"[0-9]*"))
	if err != nil {
		return "", nil, err
	}
	for _, path := range left {
		if err := removeIfUnlocked(path); err != nil {
			return "", nil, err
		}
	}
	if dir, err = os.MkdirTemp(parent, scratchPrefix); err != nil {
		return "", nil, err
	}
	f, err := os.Open(dir)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		return "", nil, errors.Join(err, os.Remove(dir))
	}
	return dir, func() { _ = f.Close() }, nil
}

// removeIfUnlocked removes a scratch directory whose process has ended.
func removeIfUnlocked(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) { // ended just now, or another user's
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(path)
}
