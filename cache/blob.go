package cache

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"
)

// Blob is an open entry: a whole body that does not change while it is open,
// even if the entry is removed or replaced. It is not safe for use by several
// goroutines, except At.
type Blob struct {
	Size    int64     // bytes
	ModTime time.Time // the origin's Last-Modified, whole seconds, UTC; zero if unknown
	// Path is where the body lies on disk, slash-separated and relative to the
	// cache directory; "" if it is only in memory.
	Path string
	// NotKept says why a body that was to be kept on disk lives in memory
	// only; nil if it was kept or never meant to be.
	NotKept error
	// OnClose, if not nil, is called by the first Close.
	OnClose func()

	file *os.File
	data []byte
}

// InMemory returns a Blob of data, which must not change afterwards. Close does
// nothing to it.
func InMemory(data []byte, modTime time.Time) *Blob {
	return &Blob{Size: int64(len(data)), ModTime: modTime, data: data}
}

// OnDisk returns a Blob of an open regular file of the given size and
// modification time. The Blob closes f.
func OnDisk(f *os.File, size int64, modTime time.Time, path string) *Blob {
	return &Blob{Size: size, ModTime: modTime, Path: path, file: f}
}

// Content returns the body from its start, for http.ServeContent. On disk it is
// the *os.File itself, so that the kernel can send it, and a later call rewinds
// what an earlier one returned.
func (b *Blob) Content() io.ReadSeeker {
	if b.file != nil {
		// It fails only on a closed file, where every Read will say so.
		_, _ = b.file.Seek(0, io.SeekStart)
		return b.file
	}
	return bytes.NewReader(b.data)
}

// At returns the body for reading at offsets; several goroutines may use it.
func (b *Blob) At() io.ReaderAt {
	if b.file != nil {
		return b.file
	}
	return bytes.NewReader(b.data)
}

// Bytes returns the whole body, which must not be changed. From disk it is read
// into memory: mapping it would be cheaper, but a file that is truncated behind
// our back, or a disk that fails, then kills the process.
func (b *Blob) Bytes() ([]byte, error) {
	if b.file == nil {
		return b.data, nil
	}
	data := make([]byte, b.Size)
	if _, err := io.ReadFull(io.NewSectionReader(b.file, 0, b.Size), data); err != nil {
		return nil, fmt.Errorf("read %s: %w", b.Path, err)
	}
	return data, nil
}

// Close releases the file, if there is one, and calls OnClose.
func (b *Blob) Close() error {
	if b.OnClose != nil {
		b.OnClose()
		b.OnClose = nil
	}
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}
