package cache

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
)

// ErrUnreadable is returned if an entry exists but its bytes cannot be read: the disk fails,
// or the file was truncated. It says nothing about the picture or its origin, and is to be
// treated as a miss. The file is removed: by Store.Open at once, and otherwise when the Blob
// is closed.
var ErrUnreadable = failure.New(failure.Server, "the cached file cannot be read")

// File is the file of a Blob on disk: an *os.File, or one that fails in tests.
type File interface {
	io.ReadSeeker
	io.ReaderAt
	io.Closer
}

// Blob is an open entry: a whole body that does not change while it is open, even if the
// entry is removed or replaced. Only At may be used by several goroutines.
type Blob struct {
	Size    int64     // bytes
	ModTime time.Time // the origin's Last-Modified, whole seconds, UTC; zero if unknown
	// Path is the path of the file, slash-separated and relative to the cache directory;
	// "" if the body is only in memory.
	Path string
	// NotKept says why a body that was to be stored on disk is only in memory; nil if it
	// was stored, or was not to be.
	NotKept error
	// OnClose, if not nil, is called by the first Close.
	OnClose func()
	// OnUnreadable, if not nil, is called by the first Close, while the file is open, if a
	// method has returned ErrUnreadable.
	OnUnreadable func(File, *Blob)

	file       File
	data       []byte
	unreadable atomic.Bool
}

// InMemory returns a Blob of data, which must not change afterwards.
func InMemory(data []byte, modTime time.Time) *Blob {
	return &Blob{Size: int64(len(data)), ModTime: modTime, data: data}
}

// OnDisk returns a Blob of an open regular file of that size in bytes and modification time.
// The Blob closes f.
func OnDisk(f File, size int64, modTime time.Time, path string) *Blob {
	return &Blob{Size: size, ModTime: modTime, Path: path, file: f}
}

// Content returns the body from its start, for http.ServeContent. On disk it is the *os.File
// itself, so that the kernel can send it; a second call rewinds it. Its errors are those of
// the file: see ContentError.
func (b *Blob) Content() io.ReadSeeker {
	if b.file != nil {
		// It fails only if the file is closed, as will every Read.
		_, _ = b.file.Seek(0, io.SeekStart)
		return b.file
	}
	return bytes.NewReader(b.data)
}

// IsInMemory reports that there is no file to read the body from.
func (b *Blob) IsInMemory() bool { return b.file == nil }

// File returns the open file of a body on disk, to be handed to another process; nil if
// there is none. It is closed by Close.
func (b *Blob) File() *os.File {
	f, _ := b.file.(*os.File)
	return f
}

// ContentError tells why sending Content stopped early: it reads one more byte, and returns
// ErrUnreadable if the file cannot be read. Nil means that the receiver failed.
func (b *Blob) ContentError() error {
	if b.file == nil {
		return nil
	}
	at, err := b.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return b.failed(err)
	}
	if at >= b.Size {
		return nil
	}
	var next [1]byte
	_, err = b.At().ReadAt(next[:], at)
	return err
}

// At returns the body for reading at offsets, by several goroutines. Its errors are io.EOF at
// the end and otherwise ErrUnreadable.
func (b *Blob) At() io.ReaderAt {
	if b.file != nil {
		return (*fileReader)(b)
	}
	return bytes.NewReader(b.data)
}

// fileReader is a Blob on disk as an io.ReaderAt.
type fileReader Blob

// ReadAt implements io.ReaderAt.
func (r *fileReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.file.ReadAt(p, at)
	if err == nil || err == io.EOF && at+int64(n) >= r.Size {
		return n, err
	}
	return n, (*Blob)(r).failed(err)
}

// failed wraps an error of the file in ErrUnreadable.
func (b *Blob) failed(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	b.unreadable.Store(true)
	return fmt.Errorf("%w: %s: %w", ErrUnreadable, b.Path, err)
}

// Unreadable reports whether a method has returned ErrUnreadable.
func (b *Blob) Unreadable() bool { return b.unreadable.Load() }

// Bytes returns the whole body, which must not be changed. From disk it is read into memory:
// mapping the file would be cheaper, but a truncated file or a failing disk would then kill
// the process. Its error is ErrUnreadable.
func (b *Blob) Bytes() ([]byte, error) {
	if b.file == nil {
		return b.data, nil
	}
	data := make([]byte, b.Size)
	if n, err := b.At().ReadAt(data, 0); n < len(data) {
		return nil, err
	}
	return data, nil
}

// Close closes the file, if there is one, and calls OnClose and OnUnreadable.
func (b *Blob) Close() error {
	if b.OnClose != nil {
		b.OnClose()
		b.OnClose = nil
	}
	if b.file == nil {
		return nil
	}
	if b.OnUnreadable != nil && b.Unreadable() {
		b.OnUnreadable(b.file, b)
		b.OnUnreadable = nil
	}
	return b.file.Close()
}
