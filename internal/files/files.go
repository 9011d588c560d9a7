// Package files creates, replaces and locks the files of a cache directory, which processes
// of several users share.
package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/failpoint"
)

// The modes of what is created in a cache directory, whatever the umask: nginx, as another
// user of the group, must be able to read it, and nobody else. What exists, such as the
// files of an older version, keeps its mode.
const (
	DirMode  fs.FileMode = 0o750
	FileMode fs.FileMode = 0o640
)

// OpenOrCreate opens a file, and creates it if there is none. access is one of os.O_RDWR,
// os.O_WRONLY and so on, and may have os.O_APPEND.
func OpenOrCreate(path string, access int) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, access|unix.O_NOFOLLOW, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		f, err = Create(path, access)
		if !errors.Is(err, fs.ErrExist) { // otherwise another process was quicker
			return f, err
		}
	}
}

// Create creates a file that must not exist. It also creates the directory, since somebody
// may have emptied the cache directory while we use it.
func Create(path string, access int) (*os.File, error) {
	flags := access | os.O_CREATE | os.O_EXCL | unix.O_NOFOLLOW
	f, err := os.OpenFile(path, flags, FileMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := MakeDirectory(filepath.Dir(path)); err != nil {
			return nil, err
		}
		f, err = os.OpenFile(path, flags, FileMode)
	}
	if err != nil {
		return nil, err
	}
	// The umask may have removed bits. It does not matter if that fails: on a file system
	// without modes, such as vfat, they are mount options.
	_ = f.Chmod(FileMode)
	inherit(path)
	return f, nil
}

// MakeDirectory creates a directory and its parents, as far as they are missing.
func MakeDirectory(path string) error {
	if IsDirectory(path) {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := MakeDirectory(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, DirMode); err != nil {
		if IsDirectory(path) { // another process was quicker
			return nil
		}
		return err
	}
	// As for files. The setgid bit, which comes from the parent, stays.
	if info, err := os.Stat(path); err == nil && info.Mode().Perm() != DirMode {
		_ = os.Chmod(path, DirMode|info.Mode()&fs.ModeSetgid)
	}
	inherit(path)
	return nil
}

// IsDirectory reports whether path is a directory, or a symbolic link to one.
func IsDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Replace replaces a file in one step, for those who read it and for a power cut. tmp is the
// path of a temp file on the same file system. The file keeps its owner: cron often runs as
// root, and the server must be able to write the file afterwards.
func Replace(path, tmp string, write func(io.Writer) error) error {
	f, err := Create(tmp, os.O_RDWR)
	if err != nil {
		return err
	}
	if err = chownLike(path, tmp); err == nil {
		err = write(f)
	}
	if err == nil {
		failpoint.Reach("replacement written")
		err = Sync(f)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		failpoint.Reach("replacement synced")
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	failpoint.Reach("replacement renamed")
	return nil
}

// inherit gives a file that root has created to the owner of its directory: cron and
// administrators often run as root, and the server is another user.
func inherit(path string) {
	if os.Geteuid() == 0 {
		_ = chownLike(filepath.Dir(path), path)
	}
}

// chownLike gives path the owner of model, or of its directory if there is no model yet. A
// process without that right leaves path as it is: it can replace the file nevertheless, as it
// owns the directory.
func chownLike(model, path string) error {
	var want, has unix.Stat_t
	if unix.Lstat(model, &want) != nil && unix.Lstat(filepath.Dir(model), &want) != nil {
		return nil
	}
	// Where a user namespace does not know the owner, even what changes nothing fails.
	if unix.Lstat(path, &has) == nil && has.Uid == want.Uid && has.Gid == want.Gid {
		return nil
	}
	if err := os.Lchown(path, int(want.Uid), int(want.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// Retry repeats a system call that a signal interrupted, as package os does.
func Retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
