package sandbox

import (
	"fmt"
	"os"

	"github.com/thumbery/thumbery/resize"
	"golang.org/x/sys/unix"
)

// parcel are the files that go with a request.
type parcel struct {
	files   []*os.File // in their order
	results *os.File   // the last of them; nil if there can be no results
	own     []*os.File // those that are not the caller's
}

// pack makes the files for a request: src, and room bytes for results. The caller closes the
// parcel. The error is that of src, or of kind resize.ErrNoProcess: without files no process
// can work, which is not the picture's fault.
func pack(src resize.Source, room int64) (p parcel, err error) {
	source := src.File
	if source == nil || !readOnly(source) {
		if source, err = copied(src); err != nil {
			return p, err
		}
		p.own = append(p.own, source)
	}
	p.files = append(p.files, source)
	if room == 0 {
		return p, nil
	}
	if p.results, err = anonymous("results"); err == nil {
		p.own, p.files = append(p.own, p.results), append(p.files, p.results)
		err = fixSize(p.results, room)
	}
	if err != nil {
		p.close()
		return p, noFile(err)
	}
	return p, nil
}

func (p parcel) close() {
	for _, f := range p.own {
		f.Close()
	}
}

// copied returns a file of the bytes of src that cannot be changed any more.
func copied(src resize.Source) (*os.File, error) {
	data, err := src.Bytes()
	if err != nil {
		return nil, err
	}
	f, err := sealed("source", data)
	if err != nil {
		return nil, noFile(err)
	}
	return f, nil
}

// sealed returns an anonymous file of data that cannot be changed any more.
func sealed(name string, data []byte) (*os.File, error) {
	f, err := anonymous(name)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(data); err == nil {
		err = seal(f)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// noFile is the error for a file that the system does not give.
func noFile(err error) error { return fmt.Errorf("%w: %w", resize.ErrNoProcess, err) }

// readOnly reports whether nobody who gets f can write to it.
func readOnly(f *os.File) bool {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDONLY
}
