package dir

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// tempPrefix begins the names of files that are being written. A crash leaves them; List
// does not show them.
const tempPrefix = ".thumbery-put-"

// Put writes a temporary file in the directory of its name, syncs it, and then gives it
// its name, if no file has that by then. Directories are made. No checksum is verified:
// what the kernel has accepted it keeps, or fsync fails.
func (o *Origin) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	if err := storage.EnsureAbsent(ctx, o, key); err != nil {
		return err
	}
	root, err := o.openRoot(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	name := filepath.FromSlash(key)
	if err := makeDirs(root, filepath.Dir(name)); err != nil {
		return o.wrapPutError(ctx, err)
	}
	temp := filepath.Join(filepath.Dir(name), tempPrefix+rand.Text())
	defer func() { _ = root.Remove(temp) }() // gone already after a rename
	if err := o.write(ctx, root, temp, body, size, modTime); err != nil {
		return err
	}
	if err := publish(root, temp, name); errors.Is(err, fs.ErrExist) {
		return o.existsError(ctx, key)
	} else if err != nil {
		return o.wrapPutError(ctx, err)
	}
	return nil
}

func (o *Origin) existsError(ctx context.Context, key string) error {
	if err := storage.EnsureAbsent(ctx, o, key); err != nil {
		return err
	}
	return storage.Refused(ctx, o.String(), fmt.Errorf("put %q: something that is no file has that name", key))
}

// makeDirs makes a directory and its parents, such that they survive a power failure.
func makeDirs(root *os.Root, dir string) error {
	if _, err := root.Stat(dir); err == nil {
		return nil
	}
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for dir != "." {
		dir = filepath.Dir(dir)
		if err := syncDir(root, dir); err != nil {
			return err
		}
	}
	return nil
}

// syncDir syncs the names in a directory, where that is supported: some network file
// systems do it themselves.
func syncDir(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := f.Sync(); !isErrno(err, syscall.EINVAL, syscall.ENOTSUP) {
		return err
	}
	return nil
}

func (o *Origin) write(ctx context.Context, root *os.Root, name string, body io.Reader, size int64, modTime time.Time) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return o.wrapPutError(ctx, err)
	}
	defer func() { _ = f.Close() }()
	from := &storage.ErrorRecorder{Reader: io.LimitReader(body, size+1)}
	n, err := io.Copy(f, from)
	switch {
	case ctx.Err() != nil:
		return storage.Unavailable(ctx, o.String(), ctx.Err())
	case from.Err != nil:
		return fmt.Errorf("%s: %w", o, from.Err)
	case err != nil:
		return o.wrapPutError(ctx, err)
	case n != size:
		return fmt.Errorf("%s: %w: the body does not have %d bytes", o, io.ErrUnexpectedEOF, size)
	}
	if err := finish(root, f, name, modTime); err != nil {
		return o.wrapPutError(ctx, err)
	}
	return nil
}

func finish(root *os.Root, f *os.File, name string, modTime time.Time) error {
	if !modTime.IsZero() {
		if err := root.Chtimes(name, modTime, modTime); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// publish gives a file its name, unless another has it: then the error is fs.ErrExist.
func publish(root *os.Root, temp, name string) error {
	err := root.Link(temp, name)
	if isErrno(err, syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS, syscall.EMLINK) {
		// A file system without hard links, such as FAT. A file that appears between the
		// two calls is replaced.
		if _, err := root.Lstat(name); err == nil {
			return fs.ErrExist
		}
		err = root.Rename(temp, name)
	}
	if err != nil {
		return err
	}
	return syncDir(root, filepath.Dir(name))
}

// wrapPutError is wrapError for a file that could not be added.
func (o *Origin) wrapPutError(ctx context.Context, err error) error {
	if isRefusal(err) || isAbsence(err) && !errors.Is(err, fs.ErrNotExist) {
		return storage.Refused(ctx, o.String(), err)
	}
	return storage.Unavailable(ctx, o.String(), err)
}

func isErrno(err error, those ...syscall.Errno) bool {
	return slices.ContainsFunc(those, func(errno syscall.Errno) bool { return errors.Is(err, errno) })
}
