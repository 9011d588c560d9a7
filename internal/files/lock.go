package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The pause between two attempts to get a lock doubles from the first to the second.
const (
	minLockPause = time.Millisecond
	maxLockPause = 50 * time.Millisecond
)

// Lock locks a file, with unix.LOCK_SH or unix.LOCK_EX. The kernel releases the lock
// when the file is closed, also by the death of the process. If ctx ends first, its cause
// is returned: Lock polls, since a blocking system call would not end with ctx.
func Lock(ctx context.Context, f *os.File, how int) error {
	for pause := minLockPause; ; pause = min(2*pause, maxLockPause) {
		err := TryLock(f, how)
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

// TryLock is Lock without waiting. It returns EWOULDBLOCK if another process, or
// another open file of this one, has the lock.
func TryLock(f *os.File, how int) error {
	return Retry(func() error { return unix.Flock(int(f.Fd()), how|unix.LOCK_NB) })
}

// LockCurrent locks a file and reports whether it still is the one under its name.
func LockCurrent(ctx context.Context, f *os.File, how int) (bool, error) {
	if err := Lock(ctx, f, how); err != nil {
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

// maxReplaced bounds the attempts to lock a file that is replaced between being opened and
// being locked. A file system that gives an open file another inode number than its name
// would never come to an end.
const maxReplaced = 100

var errReplaced = errors.New("the file is replaced again and again")

// OpenLocked is OpenOrCreate and Lock. What it returns is the file under that name while it is
// locked, if all who replace the file lock it with unix.LOCK_EX before.
func OpenLocked(ctx context.Context, path string, access, how int) (*os.File, error) {
	return openCurrent(path, access, func(f *os.File) (bool, error) { return LockCurrent(ctx, f, how) })
}

func openCurrent(path string, access int, lock func(*os.File) (current bool, err error)) (*os.File, error) {
	for range maxReplaced {
		f, err := OpenOrCreate(path, access)
		if err != nil {
			return nil, err
		}
		current, err := lock(f)
		if current && err == nil {
			return f, nil
		}
		_ = f.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: %w", path, errReplaced)
}
