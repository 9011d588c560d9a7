package cache

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
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

// Map returns the whole body without copying it, mapped read-only where it is
// on disk. The bytes are good until release is called once, also after Close,
// and must not be written to.
func (b *Blob) Map() (data []byte, release func(), err error) {
	switch {
	case b.file == nil:
		return b.data, func() {}, nil
	case b.Size == 0:
		return nil, func() {}, nil
	case b.Size != int64(int(b.Size)):
		return nil, nil, errors.New("body too large to map")
	}
	data, err = unix.Mmap(int(b.file.Fd()), 0, int(b.Size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("map %s: %w", b.Path, err)
	}
	return data, func() { _ = unix.Munmap(data) }, nil
}

// Close releases the file, if there is one.
func (b *Blob) Close() error {
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}
