package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// openDirectory opens a directory that is no symbolic link; nil if there is none.
func openDirectory(path string) (*os.File, error) {
	d, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return d, err
}

// batch is how many names are read before their files are examined. Most directories
// have fewer.
const batch = 16 << 10

// eachName calls do for the names in an open directory until ctx ends.
func eachName(ctx context.Context, dir *os.File, do func(name string)) error {
	for {
		names, err := dir.Readdirnames(batch)
		if len(names) > 0 {
			failpoint.Reach("directory read")
		}
		for _, name := range names {
			if ctx.Err() != nil {
				return nil
			}
			do(name)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// removeNames removes, by remove, those entries of a directory of a tier whose names are wanted.
// It goes on after errors, and returns what was removed. A missing directory, or a file that
// another process removes, is no error.
func removeNames(ctx context.Context, path string, isWanted func(name string) bool, remove func(dir *os.File, name string) error) (removed eviction.Count, failed []error) {
	dir, err := openDirectory(path)
	if err != nil {
		return removed, []error{err}
	}
	if dir == nil {
		return removed, nil
	}
	defer dir.Close()
	err = eachName(ctx, dir, func(name string) {
		if !isWanted(name) || cache.CheckName(variant.Name(name)) != nil {
			return
		}
		st, err := lstat(dir, name)
		if err == nil {
			err = remove(dir, name)
		}
		switch err {
		case nil:
			removed = removed.Plus(sizeOf(&st))
		case unix.ENOENT:
		default:
			failed = append(failed, fmt.Errorf("remove %s/%s: %w", path, name, err))
		}
	})
	if err != nil {
		failed = append(failed, err)
	}
	return removed, failed
}

// unlink removes a file of an open directory, and no directory.
func unlink(dir *os.File, name string) error { return unix.Unlinkat(int(dir.Fd()), name, 0) }

func lstat(dir *os.File, name string) (st unix.Stat_t, err error) {
	err = files.Retry(func() error { return unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return st, err
}

// isOurs reports whether a file in a directory is an entry of the cache.
func isOurs(st *unix.Stat_t, prefix, name string) bool {
	return isRegular(st) && strings.HasPrefix(name, prefix) && cache.CheckName(variant.Name(name)) == nil
}

func isRegular(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG }

// blockUnit is the unit of st_blocks, whatever the block size of the file system is.
const blockUnit = 512

func sizeOf(st *unix.Stat_t) eviction.Count {
	return eviction.Count{Files: 1, Bytes: st.Size, Disk: st.Blocks * blockUnit}
}
