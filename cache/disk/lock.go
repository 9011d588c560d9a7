package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// The pause between two attempts to get a lock doubles from the first to the second.
const (
	minLockPause = time.Millisecond
	maxLockPause = 50 * time.Millisecond
)

// flock locks a file, with unix.LOCK_SH or unix.LOCK_EX. The kernel releases the lock
// when the file is closed, also by the death of the process. If ctx ends first, its cause
// is returned: flock polls, since a blocking system call would not end with ctx.
func flock(ctx context.Context, f *os.File, how int) error {
	for pause := minLockPause; ; pause = min(2*pause, maxLockPause) {
		err := tryFlock(f, how)
		if err == nil {
			return nil
		}
		if err != unix.EWOULDBLOCK {
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// tryFlock is flock without waiting. It returns EWOULDBLOCK if another process, or
// another open file of this one, has the lock.
func tryFlock(f *os.File, how int) error {
	_, err := retry(func() (struct{}, error) {
		return struct{}{}, unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	})
	return err
}

// flockCurrent locks a file and reports whether it still is the one under its name.
func flockCurrent(ctx context.Context, f *os.File, how int) (bool, error) {
	if err := flock(ctx, f, how); err != nil {
		return false, err
	}
	var locked, named unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &locked); err != nil {
		return false, err
	}
	if err := unix.Stat(f.Name(), &named); err != nil && err != unix.ENOENT {
		return false, err
	}
	return locked.Dev == named.Dev && locked.Ino == named.Ino, nil
}

// ErrPurging is returned while another purge of the same directory is running.
var ErrPurging = errors.New("another purge of this cache directory is running")

// purgeLock is the file below the cache directory that a purge locks. It is never
// removed: two purges could each lock one of that name.
const purgeLock = "purge.lock"

// lockPurge locks a cache directory for a purge. If another purge still runs after wait,
// it returns ErrPurging.
func lockPurge(ctx context.Context, dir string, wait time.Duration) (unlock func(), err error) {
	path := filepath.Join(dir, purgeLock)
	f, err := openOrCreate(path, os.O_RDWR)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) {
		// Another user's file, or a read-only file system: reading is enough to lock it.
		f, err = os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the cache directory: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wait, ErrPurging)
	defer cancel()
	if err := flock(ctx, f, unix.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
