package sandbox

import (
	"fmt"
	"io"
	"os"

	"github.com/thumbery/thumbery/resize"
	"golang.org/x/sys/unix"
)

// parcel are the files that go with a request.
type parcel struct {
	source  *os.File
	own     bool     // source is ours, and not the caller's
	results *os.File // nil if there can be none
}

// pack makes the files for a request: src, and room bytes for results. The caller closes the
// parcel. The error is that of src, or of kind resize.ErrNoProcess: without files no process
// can work, which is not the picture's fault.
func pack(src resize.Source, room int64) (*parcel, error) {
	p := &parcel{source: src.File}
	var err error
	if src.File == nil || !readOnly(src.File) {
		p.own = true
		if p.source, err = copied(src); err != nil {
			return nil, err
		}
	}
	if room > 0 {
		if p.results, err = anonymous("results"); err == nil {
			err = fixSize(p.results, room)
		}
	}
	if err != nil {
		p.close()
		return nil, noFile(err)
	}
	return p, nil
}

// files are those of the parcel, in their order.
func (p *parcel) files() []*os.File {
	if p.results == nil {
		return []*os.File{p.source}
	}
	return []*os.File{p.source, p.results}
}

func (p *parcel) close() {
	if p.own && p.source != nil {
		p.source.Close()
	}
	if p.results != nil {
		p.results.Close()
	}
}

// copied returns a file of the bytes of src that cannot be changed any more.
func copied(src resize.Source) (*os.File, error) {
	data, err := src.Bytes()
	if err != nil {
		return nil, err
	}
	f, err := anonymous("source")
	if err != nil {
		return nil, noFile(err)
	}
	if _, err = f.Write(data); err == nil {
		err = seal(f)
	}
	if err != nil {
		f.Close()
		return nil, noFile(err)
	}
	return f, nil
}

// noFile is the error for a file that the system does not give.
func noFile(err error) error { return fmt.Errorf("%w: %w", resize.ErrNoProcess, err) }

// readable is the error of reading src as a whole, if there is one.
func readable(src resize.Source) error {
	n, err := io.Copy(io.Discard, io.NewSectionReader(src.At, 0, src.Size))
	if err == nil && n < src.Size {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readOnly reports whether nobody who gets f can write to it.
func readOnly(f *os.File) bool {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDONLY
}
