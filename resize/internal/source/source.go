// Package source reads picture files at offsets, through one buffer and within bounds, and
// splits them into the parts of which their formats consist: segments, chunks, boxes, frames
// and directories, one file a format. It also defines the errors that all parsers share.
package source

import (
	"context"
	"fmt"
	"io"
)

// Reads are of stride bytes for formats whose headers are far apart, and of
// Window bytes where all of the file is looked at.
const (
	stride = 4 << 10
	Window = 64 << 10
)

// What a file may cost, whatever is in it and however often its parts refer to each
// other: so much for each of its bytes, and something for the smallest. Honest files
// stay below a tenth of it.
const (
	readsEach, readsFree = 16, 1 << 20 // bytes read
	stepsEach, stepsFree = 8, 4 << 10  // structures looked at
)

// Source reads a picture at offsets through one buffer. Nothing outside the
// file can be reached through it: what lies beyond the end is an ErrBroken.
type Source struct {
	Size  int64 // of the picture, in bytes
	Ahead int   // bytes read at once, stride or Window
	Steps int64 // of work that are left

	ctx     context.Context
	r       io.ReaderAt
	left    int64 // bytes that may still be read
	failure error

	buf  []byte // backing of held
	held []byte // the bytes at off
	off  int64
}

// New returns a Source of a picture of size bytes, which are read from r while ctx is not done.
func New(ctx context.Context, r io.ReaderAt, size int64) *Source {
	return &Source{Size: size, Ahead: stride, Steps: stepsEach*size + stepsFree, ctx: ctx, r: r, left: readsEach*size + readsFree}
}

// Of returns a Source of bytes in memory, none of which are copied.
func Of(b []byte) *Source {
	size := int64(len(b))
	return &Source{Size: size, Steps: stepsEach*size + stepsFree, held: b}
}

// Failure is the first error in reading, other than the end of the picture. After it nothing
// more is read: metadata that cannot be read is passed over, but must not be taken for missing.
func (s *Source) Failure() error { return s.failure }

// At returns the n bytes at off, n <= Window. They are valid until the next
// call. An error is of kind ErrBroken if the file ends before, else the
// reader's own.
func (s *Source) At(off int64, n int) ([]byte, error) {
	if off < 0 || off > s.Size || int64(n) > s.Size-off {
		return nil, &cutError{}
	}
	if s.Steps--; s.Steps < 0 {
		return nil, errTooMuchWork
	}
	if i := off - s.off; i < 0 || i+int64(n) > int64(len(s.held)) {
		if err := s.fill(off, n); err != nil {
			return nil, err
		}
	}
	i := int(off - s.off)
	return s.held[i : i+n], nil
}

// rest returns at least one byte at off, and as many as are at hand.
func (s *Source) rest(off int64) ([]byte, error) {
	if _, err := s.At(off, 1); err != nil {
		return nil, err
	}
	return s.held[off-s.off:], nil
}

// fill brings the n bytes at off into the buffer, and what follows; of a small file
// all, so that it is read once.
func (s *Source) fill(off int64, n int) error {
	from, want := off, int(min(int64(max(n, s.Ahead)), s.Size-off))
	if s.Size <= int64(s.Ahead) {
		from, want = 0, int(s.Size)
	}
	if cap(s.buf) < want {
		s.buf = make([]byte, want)
	}
	s.held, s.off = s.buf[:0], from
	got, err := s.readAt(s.buf[:want], from)
	switch {
	case int64(got) >= off-from+int64(n):
		s.held = s.buf[:got]
		return nil
	case err == io.EOF || err == nil:
		return &cutError{} // the file is shorter than was said
	default:
		return err
	}
}

// readAt reads from the file, and notes the first failure.
func (s *Source) readAt(p []byte, off int64) (n int, err error) {
	s.left -= int64(len(p))
	switch {
	case s.failure != nil:
	case s.ctx.Err() != nil:
		s.failure = s.ctx.Err()
	case s.left < 0:
		s.failure = errTooMuchWork
	default:
		if n, err = s.r.ReadAt(p, off); err == nil || err == io.EOF || n == len(p) {
			return n, err
		}
		s.failure = fmt.Errorf("reading the picture: %w", err)
	}
	return n, s.failure
}
