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

// ErrPurging is returned where another purge of the same directory goes on.
var ErrPurging = errors.New("another purge of this cache directory is running")

// purgeLock is the file below the cache directory that a purge has locked. It
// is never removed, or two purges could each lock one.
const purgeLock = "purge.lock"

// lockEvery is how often it is tried to get the lock while waiting. A call that
// blocks would not end with its context.
const lockEvery = 50 * time.Millisecond

// lockPurge takes the lock of a cache directory, which the kernel gives back
// when the process dies.
func lockPurge(ctx context.Context, dir string, wait time.Duration) (unlock func(), err error) {
	f, err := openLock(filepath.Join(dir, purgeLock))
	if err != nil {
		return nil, err
	}
	if err := flockWithin(ctx, int(f.Fd()), wait); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

func openLock(path string) (*os.File, error) {
	f, err := openOrCreate(path, os.O_RDWR)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) {
		// Another user's, or on a read-only file system: enough to be locked.
		f, err = os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

func flockWithin(ctx context.Context, fd int, wait time.Duration) error {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	again := time.NewTicker(lockEvery)
	defer again.Stop()
	for {
		_, err := retry(func() (struct{}, error) { return struct{}{}, unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
		if err != unix.EWOULDBLOCK || wait <= 0 {
			return lockError(err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline.C:
			return ErrPurging
		case <-again.C:
		}
	}
}

func lockError(err error) error {
	switch err {
	case nil:
		return nil
	case unix.EWOULDBLOCK:
		return ErrPurging
	}
	return fmt.Errorf("lock the cache directory: %w", err)
}
