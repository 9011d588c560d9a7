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
	"syscall"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// temporary is what the names begin with that files have while they are written.
// A crash leaves them; List does not show them.
const temporary = ".thumbery-put-"

// Put writes a file under another name beside its own, has it reach the disk, and
// then gives it its name, if no file has that by then. Directories are made. There
// is no sum to check: what the kernel took it keeps, or fsync fails.
func (o *Origin) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	if err := storage.EnsureAbsent(ctx, o, key); err != nil {
		return err
	}
	root, err := os.OpenRoot(o.root)
	if err != nil {
		return storage.Unavailable(ctx, o.String(), err)
	}
	defer func() { _ = root.Close() }()
	name := filepath.FromSlash(key)
	if err := makeDirs(root, filepath.Dir(name)); err != nil {
		return o.putFailure(ctx, err)
	}
	other := filepath.Join(filepath.Dir(name), temporary+rand.Text())
	defer func() { _ = root.Remove(other) }() // gone already after a rename
	if err := o.write(ctx, root, other, body, size, modTime); err != nil {
		return err
	}
	if err := settle(root, other, name); errors.Is(err, fs.ErrExist) {
		return o.isThere(ctx, key)
	} else if err != nil {
		return o.putFailure(ctx, err)
	}
	return nil
}

// isThere says what it is that has the name already.
func (o *Origin) isThere(ctx context.Context, key string) error {
	if err := storage.EnsureAbsent(ctx, o, key); err != nil {
		return err
	}
	return storage.Refused(ctx, o.String(), fmt.Errorf("put %q: there is something under that name that is no file", key))
}

// makeDirs makes a directory and those above it, such that they are there after a
// power cut, too.
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

// syncDir has the names in a directory reach the disk, where that can be asked for:
// some network file systems see to it themselves, and refuse.
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

// write makes a file with all that body gives. Its own errors are told from those
// of body, which are passed on.
func (o *Origin) write(ctx context.Context, root *os.Root, name string, body io.Reader, size int64, modTime time.Time) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return o.putFailure(ctx, err)
	}
	defer func() { _ = f.Close() }()
	from := &source{ctx: ctx, body: io.LimitReader(body, size+1)}
	n, err := io.Copy(f, from)
	switch {
	case from.err != nil:
		return fmt.Errorf("%s: %w", o, from.err)
	case err != nil:
		return o.putFailure(ctx, err)
	case n != size:
		return fmt.Errorf("%s: %w: the body does not have %d bytes", o, io.ErrUnexpectedEOF, size)
	}
	if err := finish(root, f, name, modTime); err != nil {
		return o.putFailure(ctx, err)
	}
	return nil
}

// source notes which errors are those of body, or of ctx, and not of what is
// written to.
type source struct {
	ctx  context.Context
	body io.Reader
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	n, err := s.body.Read(p)
	if !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// finish has the file reach the disk with its time.
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

// settle gives a file its name, unless another has it: then it is fs.ErrExist.
func settle(root *os.Root, other, name string) error {
	err := root.Link(other, name)
	if isErrno(err, syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS, syscall.EMLINK) {
		// A file system without links, such as FAT. What comes between the two calls
		// is replaced.
		if _, err := root.Lstat(name); err == nil {
			return fs.ErrExist
		}
		err = root.Rename(other, name)
	}
	if err != nil {
		return err
	}
	return syncDir(root, filepath.Dir(name))
}

// putFailure sorts the errors of adding a file below a root that could be opened.
func (o *Origin) putFailure(ctx context.Context, err error) error {
	if isRefusal(err) || isAbsence(err) && !errors.Is(err, fs.ErrNotExist) {
		return storage.Refused(ctx, o.String(), err)
	}
	return storage.Unavailable(ctx, o.String(), err)
}

func isErrno(err error, those ...syscall.Errno) bool {
	for _, errno := range those {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
