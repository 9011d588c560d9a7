package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// useInterval is the least time between two updates of the last use. It bounds the writes
// that reads cause, and is far below the ages at which anything is purged.
const useInterval = time.Hour

// Open implements cache.Store. A hit costs openat, fstat and the two short system calls of
// os.NewFile, and once an hour one more.
func (s *Store) Open(name variant.Name) (*cache.Blob, error) { return s.open(name, true) }

// Peek implements cache.Store. Reading the Blob is no use either, and what is damaged is left
// to Open.
func (s *Store) Peek(name variant.Name) (*cache.Blob, error) { return s.open(name, false) }

func (s *Store) open(name variant.Name, uses bool) (*cache.Blob, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	fd, err := s.system.open(path, &st)
	if err != nil {
		return nil, unreadable(path, err, uses)
	}
	if st.Size == 0 {
		_ = unix.Close(fd)
		if uses {
			// A whole body that is placed there at this moment is lost. That is one more
			// miss, and no harm.
			_ = unix.Unlink(path)
		}
		return nil, cache.ErrMiss
	}
	if uses {
		s.noteUse(path, &st)
	} else {
		keepAccessTime(fd)
	}
	return s.onDisk(os.NewFile(uintptr(fd), path), &st, path[s.root:]), nil
}

// unreadable wraps the error in ErrUnreadable if a file could not be opened because it is
// damaged, and removes that if it was to be used. Other errors, such as missing permission or
// too many open files, are returned as they are.
func unreadable(path string, err error, uses bool) error {
	if !slices.ContainsFunc(damage, func(kind error) bool { return errors.Is(err, kind) }) {
		return err
	}
	if uses {
		_ = unix.Unlink(path) // if that fails, the next Open tries again
	}
	return fmt.Errorf("%w: %w", cache.ErrUnreadable, err)
}

// removeUnreadable removes the file of a Blob that could not be read, unless it has been
// replaced since.
func (s *Store) removeUnreadable(f cache.File, b *cache.Blob) {
	path := s.tier[:s.root] + b.Path
	if own, ok := f.(interface{ Stat() (fs.FileInfo, error) }); ok {
		opened, err := own.Stat()
		named, namedErr := os.Lstat(path)
		if err == nil && namedErr == nil && !os.SameFile(opened, named) {
			return
		}
	}
	_ = unix.Unlink(path) // if that fails, the next reader tries again
}

var errNotRegular = errors.New("not a regular file")

// openRegular opens a body for reading. os.Open and os.File.Stat cost a quarter more.
// O_NONBLOCK has no effect on a regular file, but the open of a FIFO returns at once.
func openRegular(path string, st *unix.Stat_t) (fd int, err error) {
	err = files.Retry(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
		return err
	})
	switch {
	case err == unix.ENOENT:
		return -1, cache.ErrMiss
	case err != nil:
		return -1, fmt.Errorf("open %s: %w", path, err)
	}
	err = unix.Fstat(fd, st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = errNotRegular
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("open %s: %w", path, err)
	}
	return fd, nil
}

// Touch implements cache.Store. It costs one system call, once an hour two.
func (s *Store) Touch(name variant.Name) (cache.Stat, error) {
	path, err := s.path(name)
	if err != nil {
		return cache.Stat{}, err
	}
	st, err := s.system.stat(path)
	switch {
	case err == unix.ENOENT || err == nil && st.Size == 0:
		return cache.Stat{}, cache.ErrMiss
	case err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG:
		err = errNotRegular
	}
	if err != nil {
		return cache.Stat{}, unreadable(path, fmt.Errorf("stat %s: %w", path, err), true)
	}
	s.noteUse(path, &st)
	return cache.Stat{Size: st.Size, ModTime: modTimeOf(&st), Path: path[s.root:]}, nil
}

// noteUse sets the atime of a file to now if it is older than useInterval, or in the
// future, where it would protect the file for long. Errors are ignored: the file is served
// from a read-only file system, too, and if it belongs to another user. If the file has
// been replaced since, the new one is updated, which does no harm.
func (s *Store) noteUse(path string, st *unix.Stat_t) {
	now := s.opts.Now()
	if age := now.Sub(time.Unix(st.Atim.Unix())); age < 0 || age >= useInterval {
		_ = os.Chtimes(path, now, time.Time{})
	}
}

func (s *Store) onDisk(f *os.File, st *unix.Stat_t, relative string) *cache.Blob {
	b := cache.OnDisk(s.system.read(f), st.Size, modTimeOf(st), relative)
	b.OnUnreadable = s.discard
	return b
}

// modTimeOf returns the modification time as a Blob has it. The epoch stands for an origin
// without Last-Modified: all nodes agree on it, and net/http takes it for unknown, too.
func modTimeOf(st *unix.Stat_t) time.Time {
	sec, _ := st.Mtim.Unix()
	if sec == 0 {
		return time.Time{}
	}
	return time.Unix(sec, 0).UTC()
}

// setTimes sets both times of a file, the modification time in whole seconds. Unlike
// os.Chtimes, it takes years that are far away.
func setTimes(path string, accessed, modified time.Time) error {
	if modified.IsZero() {
		modified = time.Unix(0, 0)
	}
	atime, err := unix.TimeToTimespec(accessed)
	if err != nil {
		return err
	}
	mtime, err := unix.TimeToTimespec(time.Unix(modified.Unix(), 0))
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{atime, mtime}, unix.AT_SYMLINK_NOFOLLOW)
}
