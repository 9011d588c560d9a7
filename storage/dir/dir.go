// Package dir reads originals from a directory, lists and adds them.
package dir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// Origin reads and adds the regular files below a directory. It is a storage.Writer and
// a storage.Lister. Nothing outside of the directory can be reached, not through symbolic
// links either; one that stays inside works.
//
// The directory is opened again for every object: it may appear late, be mounted again,
// or be a symbolic link that is switched, without a restart. While it does not exist,
// everything is ErrUnavailable.
type Origin struct {
	root string // absolute
}

// New returns the origin of a directory, which need not exist yet. A relative path is
// relative to the working directory at the time of the call.
func New(path string) (*Origin, error) {
	root, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("directory %q: %w", path, err)
	}
	return &Origin{root: root}, nil
}

// ErrNoDirectory says that a directory does not exist.
var ErrNoDirectory = errors.New("there is no such directory; say where the pictures are, as in --source /=file:///srv/pictures or --source /=s3://bucket")

// Open returns the origin of a URL such as file:///srv/pictures, or of one relative to the
// working directory, such as file:pictures. It has no parameters. The error is ErrNoDirectory if
// the directory does not exist. One that cannot be read just now may be on a file server that is
// down, and is opened.
func Open(u *url.URL) (*Origin, error) {
	const form = "write file:///srv/pictures, or file:pictures if it is relative"
	switch {
	case u.Scheme != "file":
		return nil, fmt.Errorf("a URL of a directory begins with file:, not %q: %s", u.Scheme, form)
	case u.Host != "" || u.User != nil:
		return nil, fmt.Errorf("a file: URL names no host, and has three slashes or none: %s", form)
	}
	if err := storage.CheckParameters(u); err != nil {
		return nil, err
	}
	path, err := url.PathUnescape(u.Opaque)
	if err != nil {
		return nil, fmt.Errorf("file: URL: %w", err)
	}
	if path = cmp.Or(path, u.Path); path == "" {
		return nil, fmt.Errorf("a file: URL without a directory: %s", form)
	}
	o, err := New(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(o.root)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, ErrNoDirectory
	}
	return o, nil
}

// Open opens a file. What is not a regular file is ErrNotFound, and so is a key that no
// file can have.
func (o *Origin) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	root, err := o.openRoot(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	// O_NONBLOCK: opening a FIFO must not wait for its writer.
	f, err := root.OpenFile(filepath.FromSlash(key), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, o.wrapError(ctx, key, err)
	}
	object, err := o.object(ctx, key, f)
	if err == nil && have.Is(object.Version()) {
		err = storage.ErrNotModified
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return object, nil
}

// openRoot opens the directory. The error is ErrUnavailable, or that of ctx.
func (o *Origin) openRoot(ctx context.Context) (*os.Root, error) {
	if err := ctx.Err(); err != nil {
		return nil, storage.Unavailable(ctx, o.String(), err)
	}
	root, err := os.OpenRoot(o.root)
	if err != nil {
		return nil, storage.Unavailable(ctx, o.String(), err)
	}
	return root, nil
}

func (o *Origin) object(ctx context.Context, key string, f *os.File) (*storage.Object, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, storage.Unavailable(ctx, o.String(), err)
	}
	if !info.Mode().IsRegular() {
		return nil, storage.NotFound(o.String(), key)
	}
	e := entry(key, info)
	return &storage.Object{Body: storage.ExactLength(ctx, f, e.Size, o.String()), Size: e.Size, ModTime: e.ModTime, ETag: e.ETag}, nil
}

func entry(key string, info fs.FileInfo) storage.Entry {
	return storage.Entry{
		Key: key, Size: info.Size(), ModTime: info.ModTime().UTC().Truncate(time.Second),
		ETag: fmt.Sprintf("%x-%x", info.ModTime().UnixNano(), info.Size()),
	}
}

// Stat opens the file, which needs the same rights.
func (o *Origin) Stat(ctx context.Context, key string) (storage.Entry, error) {
	object, err := o.Open(ctx, key, storage.Version{})
	if err != nil {
		return storage.Entry{}, err
	}
	_ = object.Body.Close() // nothing was read of it
	return storage.Entry{Key: key, Size: object.Size, ModTime: object.ModTime, ETag: object.ETag}, nil
}

// wrapError returns the storage error for a file that could not be opened, below a root
// that could.
func (o *Origin) wrapError(ctx context.Context, key string, err error) error {
	switch {
	case isAbsence(err):
		return storage.NotFound(o.String(), key)
	case isRefusal(err):
		return storage.Refused(ctx, o.String(), err)
	default:
		return storage.Unavailable(ctx, o.String(), err)
	}
}

// isRefusal reports whether err is about the permissions of one file.
func isRefusal(err error) bool { return errors.Is(err, fs.ErrPermission) }

// isAbsence reports whether err says that there is no such file, as opposed to one that
// cannot be read.
func isAbsence(err error) bool {
	errno, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return true // of os.Root: the path leads out of the directory
	}
	return slices.Contains([]syscall.Errno{
		syscall.ENOENT, syscall.ENOTDIR, syscall.EISDIR, syscall.ENAMETOOLONG, syscall.ELOOP,
		syscall.EINVAL, syscall.EILSEQ, // the file system cannot have such a name
		syscall.ENXIO, syscall.ENODEV, // a socket; a device without a driver
	}, errno)
}

// Check opens the directory.
func (o *Origin) Check(ctx context.Context) error {
	root, err := o.openRoot(ctx)
	if err != nil {
		return err
	}
	return root.Close()
}

// Contains reports that other is this directory or below it, also through symbolic links
// if they can be followed now.
func (o *Origin) Contains(other storage.Origin) bool {
	d, ok := other.(*Origin)
	if !ok {
		return false
	}
	rel, err := filepath.Rel(resolved(o.root), resolved(d.root))
	return err == nil && filepath.IsLocal(rel)
}

// resolved returns a path without symbolic links, or path if they cannot be followed.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// String returns the directory as a URL.
func (o *Origin) String() string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(o.root)}).String()
}
