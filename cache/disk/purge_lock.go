package disk

import (
	"context"
	"errors"
	"fmt"
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
	fd, err := openLock(filepath.Join(dir, purgeLock))
	if err != nil {
		return nil, err
	}
	if err := flockWithin(ctx, fd, wait); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return func() { _ = unix.Close(fd) }, nil
}

func openLock(path string) (int, error) {
	fd, err := retry(func() (int, error) {
		return unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, uint32(fileMode))
	})
	if err == unix.EACCES || err == unix.EROFS {
		// Another user's, or on a read-only file system: enough to be locked.
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	}
	if err != nil {
		return -1, fmt.Errorf("lock %s: %w", path, err)
	}
	return fd, nil
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
