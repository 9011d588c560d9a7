package header

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Reads are of stride bytes for formats whose headers are far apart, and of
// window bytes where all of the file is looked at.
const (
	stride = 4 << 10
	window = 64 << 10
)

// What a file may cost, whatever is in it and however often its parts refer to each
// other: so much for each of its bytes, and something for the smallest. Honest files
// stay below a tenth of it.
const (
	readsEach, readsFree = 16, 1 << 20 // bytes read
	stepsEach, stepsFree = 8, 4 << 10  // structures looked at, and bytes of an SVG's tags
)

// source reads a picture at offsets through one buffer. Nothing outside the
// file can be reached through it: what lies beyond the end is an ErrBroken.
type source struct {
	r     *bounded
	size  int64
	page  int    // that is asked for, from 1
	ahead int    // bytes read at once, stride or window
	buf   []byte // backing of held
	held  []byte // the bytes at off
	off   int64
	steps int64 // that are left
}

func newSource(ctx context.Context, r io.ReaderAt, size int64) *source {
	return &source{
		r: &bounded{ctx: ctx, r: r, left: readsEach*size + readsFree}, size: size, ahead: stride, steps: stepsEach*size + stepsFree,
	}
}

// bounded reads until ctx is done, and at most left bytes. After its first failure,
// which the end of r is not, it reads nothing more: metadata that cannot be read is
// passed over, but must not be taken for missing.
type bounded struct {
	ctx     context.Context
	r       io.ReaderAt
	left    int64
	failure error
}

func (b *bounded) ReadAt(p []byte, off int64) (n int, err error) {
	b.left -= int64(len(p))
	switch {
	case b.failure != nil:
	case b.ctx.Err() != nil:
		b.failure = b.ctx.Err()
	case b.left < 0:
		b.failure = errTooMuchWork
	default:
		if n, err = b.r.ReadAt(p, off); err == nil || err == io.EOF || n == len(p) {
			return n, err
		}
		b.failure = fmt.Errorf("reading the picture: %w", err)
	}
	return n, b.failure
}

// errTooMuchWork is the error for a file that costs more than its size explains.
var errTooMuchWork = broken("its parts refer to each other too often")

// spend counts n steps of work.
func (s *source) spend(n int) error {
	if s.steps -= int64(n); s.steps < 0 {
		return errTooMuchWork
	}
	return nil
}

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBroken}, args...)...)
}

// cutError is an ErrBroken for a file that ends too early.
type cutError struct{ where string }

func (e *cutError) Error() string { return ErrBroken.Error() + ": cut short" + e.where }
func (e *cutError) Unwrap() error { return ErrBroken }

func cutShort(what string) error { return &cutError{" in " + what} }

func isCut(err error) bool {
	_, ok := errors.AsType[*cutError](err)
	return ok
}

// at returns the n bytes at off, n <= window. They are valid until the next
// call. An error is of kind ErrBroken if the file ends before, else the
// reader's own.
func (s *source) at(off int64, n int) ([]byte, error) {
	if off < 0 || off > s.size || int64(n) > s.size-off {
		return nil, &cutError{}
	}
	if err := s.spend(1); err != nil {
		return nil, err
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
func (s *source) rest(off int64) ([]byte, error) {
	if _, err := s.at(off, 1); err != nil {
		return nil, err
	}
	return s.held[off-s.off:], nil
}

// fill brings the n bytes at off into the buffer, and what follows; of a small file
// all, so that it is read once.
func (s *source) fill(off int64, n int) error {
	from, want := off, int(min(int64(max(n, s.ahead)), s.size-off))
	if s.size <= int64(s.ahead) {
		from, want = 0, int(s.size)
	}
	if cap(s.buf) < want {
		s.buf = make([]byte, want)
	}
	s.held, s.off = s.buf[:0], from
	got, err := s.r.ReadAt(s.buf[:want], from)
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

// nextMarker finds the first JPEG marker at or after off, as libjpeg does: FF
// followed by neither a stuffed 00 nor another FF, and not RST0..7, which have
// no content. It returns the marker's code and the offset after it.
func (s *source) nextMarker(off int64) (code byte, next int64, err error) {
	for off+1 < s.size {
		held, err := s.rest(off)
		if err != nil {
			return 0, 0, err
		}
		code, n := scanMarker(held)
		off += int64(n)
		if code != 0 {
			return code, off, nil
		}
		if n == 0 { // an FF at the end of what is held: look at it with its successor
			if _, err := s.at(off, 2); err != nil {
				return 0, 0, err
			}
		}
	}
	return 0, 0, &cutError{": the end marker is missing"}
}

// scanMarker looks for a marker in b. It returns its code and what lies up to
// and with it, or 0 and how many bytes can be passed over.
func scanMarker(b []byte) (code byte, n int) {
	for {
		i := bytes.IndexByte(b[n:], 0xff)
		if i < 0 {
			return 0, len(b)
		}
		n += i
		if n+1 == len(b) {
			return 0, n
		}
		switch c := b[n+1]; {
		case c == 0xff:
			n++
		case c == 0, c >= 0xd0 && c <= 0xd7:
			n += 2
		default:
			return c, n + 2
		}
	}
}
