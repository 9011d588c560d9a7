package worker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// descriptors are those that the process has for itself. All others are of the picture
// that it works on, and nothing of one picture is left for the next.
type descriptors [maxDescriptors]bool

func openDescriptors() (d descriptors) {
	for fd := range d {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		d[fd] = err == nil
	}
	return d
}

func (d *descriptors) closeOthers() {
	for fd, own := range d {
		if !own {
			unix.Close(fd) // most are not open
		}
	}
}

// mapped returns the first size bytes of a file, which the caller unmaps. A file that is
// shorter is an error of this process, which ends of it: as when it is cut off later
// (SIGBUS), the parent then looks what has become of the file, which may be no fault of the
// picture.
func mapped(file int, size int64) ([]byte, error) {
	have, err := sizeOf(file)
	if err != nil || size == 0 {
		return nil, err
	}
	if have < size {
		return nil, fmt.Errorf("the source has %d bytes, not %d", have, size)
	}
	data, err := unix.Mmap(file, 0, int(size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("mapping the source: %w", err)
	}
	return data, nil
}

func unmap(data []byte) { _ = unix.Munmap(data) } // fails only where nothing was mapped

func sizeOf(file int) (int64, error) {
	var info unix.Stat_t
	if err := unix.Fstat(file, &info); err != nil {
		return 0, fmt.Errorf("the size of a file: %w", err)
	}
	return info.Size, nil
}

// results is the file that the results of a request are written to, one after the other.
type results struct {
	file       int
	used, room int64 // bytes
}

// put writes a result, if there is one, and says in a where it is, or what went wrong:
// both only if the picture is damaged, and the engine lenient.
func (r *results) put(a *wire.Answer, data []byte, failed error) {
	if len(data) > 0 && (failed == nil || errors.Is(failed, header.ErrBroken)) {
		if err := r.write(data); err != nil {
			failed = err
		} else {
			a.Off, a.Len = r.used, int64(len(data))
			r.used += a.Len
		}
	}
	a.Err = wire.ErrorOf(failed)
}

func (r *results) write(data []byte) error {
	if int64(len(data)) > r.room-r.used {
		return fmt.Errorf("the result of %d bytes does not fit into the %d that are left", len(data), r.room-r.used)
	}
	for done := 0; done < len(data); {
		n, err := unix.Pwrite(r.file, data[done:], r.used+int64(done))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
		done += n
	}
	return nil
}
