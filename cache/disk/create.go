package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// What a cache directory consists of has these modes whatever the umask: nginx, as
// another user in the group, must be able to read it, and nobody else. What was
// there before, such as the files of an older version, stays as it is.
const (
	dirMode  fs.FileMode = 0o750
	fileMode fs.FileMode = 0o640
)

// createTemporary creates a file in tmp/.
func createTemporary(path string) (*os.File, error) { return create(path, os.O_RDWR) }

// openOrCreate opens a file, which it creates if there is none. access is one of
// os.O_RDWR, os.O_WRONLY and so on, and may have os.O_APPEND.
func openOrCreate(path string, access int) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, access|unix.O_NOFOLLOW, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		f, err = create(path, access)
		if !errors.Is(err, fs.ErrExist) { // if not, another process was quicker
			return f, err
		}
	}
}

// create creates a file that must not be there. It makes the directory anew if
// somebody has emptied the cache directory under us.
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
	// The umask may have left less. A file system without modes, such as vfat, has
	// them from where it was mounted, which is no reason to keep nothing there.
	_ = f.Chmod(fileMode)
	inherit(path)
	return f, nil
}

// makeDirectory makes a directory and those above it, as far as they are missing.
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
	// As for files. The bit that hands the group down, which it may have from the
	// directory above, stays.
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

// inherit gives what root has just made to the owner of the directory it is in: cron
// and people often run as root, and the server, as another user, must be able to go on.
func inherit(path string) {
	if os.Geteuid() == 0 {
		_ = giveTo(ownerOf(filepath.Dir(path)), path)
	}
}
