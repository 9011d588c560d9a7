package disk

import (
	"crypto/rand"
	"errors"
	"fmt"
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
	dirMode  fs.FileMode = 0o750
	fileMode fs.FileMode = 0o640
)

// openOrCreate opens a file, and creates it if there is none. access is one of os.O_RDWR,
// os.O_WRONLY and so on, and may have os.O_APPEND.
func openOrCreate(path string, access int) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, access|unix.O_NOFOLLOW, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		f, err = create(path, access)
		if !errors.Is(err, fs.ErrExist) { // otherwise another process was quicker
			return f, err
		}
	}
}

// create creates a file that must not exist. It also creates the directory, since somebody
// may have emptied the cache directory while we use it.
func create(path string, access int) (*os.File, error) {
	flags := access | os.O_CREATE | os.O_EXCL | unix.O_NOFOLLOW
	f, err := os.OpenFile(path, flags, fileMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeDirectory(filepath.Dir(path)); err != nil {
			return nil, err
		}
		f, err = os.OpenFile(path, flags, fileMode)
	}
	if err != nil {
		return nil, err
	}
	// The umask may have removed bits. It does not matter if that fails: on a file system
	// without modes, such as vfat, they are mount options.
	_ = f.Chmod(fileMode)
	inherit(path)
	return f, nil
}

// createTemporary creates a file in tmp/.
func createTemporary(path string) (*os.File, error) { return create(path, os.O_RDWR) }

// makeDirectory creates a directory and its parents, as far as they are missing.
func makeDirectory(path string) error {
	if isDirectory(path) {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := makeDirectory(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, dirMode); err != nil {
		if isDirectory(path) { // another process was quicker
			return nil
		}
		return err
	}
	// As for files. The setgid bit, which comes from the parent, stays.
	if info, err := os.Stat(path); err == nil && info.Mode().Perm() != dirMode {
		_ = os.Chmod(path, dirMode|info.Mode()&fs.ModeSetgid)
	}
	inherit(path)
	return nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// replaceFile replaces a file below the cache directory in one step, for those who read
// it and for a power cut. The file keeps its owner: cron often runs as root, and the
// server must be able to write the file afterwards.
func replaceFile(dir, name string, write func(io.Writer) error) error {
	tmp := filepath.Join(dir, Temporary, rand.Text()+TemporarySuffix)
	f, err := createTemporary(tmp)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, name)
	if err = chownLike(path, tmp); err == nil {
		err = write(f)
	}
	if err == nil {
		failpoint.Reach("replacement written")
		err = syncData(f)
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

// owner is the owner of a file; -1 leaves that part of it unchanged in a chown.
type owner struct{ uid, gid int }

// ownerOf returns the owner of a file, or of its directory if there is no file yet.
func ownerOf(path string) owner {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil && unix.Lstat(filepath.Dir(path), &st) != nil {
		return owner{-1, -1}
	}
	return owner{int(st.Uid), int(st.Gid)}
}

// chownLike gives path the owner of model. A process without that right leaves path as it
// is: it may replace the file all the same, as the directory is its own.
func chownLike(model, path string) error {
	o := ownerOf(model)
	if o == ownerOf(path) {
		return nil
	}
	if err := os.Lchown(path, o.uid, o.gid); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// readNames lists a directory; one that does not exist is empty.
func readNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// unlink removes a file; one that does not exist is no error.
func unlink(path string) error {
	if err := unix.Unlink(path); err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// retry repeats a system call that a signal interrupted, as package os does.
func retry[T any](call func() (T, error)) (T, error) {
	for {
		v, err := call()
		if err != unix.EINTR {
			return v, err
		}
	}
}
