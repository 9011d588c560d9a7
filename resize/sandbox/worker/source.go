package worker

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/resize"
)

// source is the bytes of a picture, mapped.
type source struct{ data []byte }

// mapSource maps the first size bytes of a file. A file that is shorter is an error of
// this process, which ends of it: as when it is cut off later (SIGBUS), the parent then
// looks what has become of the file, which may be no fault of the picture.
func mapSource(file int, size int64) (source, error) {
	var info unix.Stat_t
	if err := unix.Fstat(file, &info); err != nil {
		return source{}, fmt.Errorf("the source: %w", err)
	}
	if info.Size < size {
		return source{}, fmt.Errorf("the source has %d bytes, not %d", info.Size, size)
	}
	if size == 0 {
		return source{}, nil
	}
	data, err := unix.Mmap(file, 0, int(size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return source{}, fmt.Errorf("mapping the source: %w", err)
	}
	return source{data}, nil
}

func (s source) picture() resize.Source { return resize.InMemory(s.data) }

func (s source) close() {
	if s.data != nil {
		_ = unix.Munmap(s.data) // fails only for what Mmap has not returned
	}
}
