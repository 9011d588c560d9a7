package storage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// ExactLength wraps a body so that it does what Origin.Open promises: it gives exactly
// size bytes and then io.EOF. A body that ends early, goes on, or fails gives
// ErrUnavailable with the name of the backend; after ctx is done every Read gives the
// error of ctx. With size -1 any length is right.
//
// Closing it closes body; a Read after that fails. Closing twice is harmless.
func ExactLength(ctx context.Context, body io.ReadCloser, size int64, backend string) io.ReadCloser {
	return &exactLength{ctx: ctx, body: body, size: size, backend: backend}
}

type exactLength struct {
	ctx     context.Context
	body    io.ReadCloser
	size    int64
	backend string
	given   int64
	err     error // what every further Read returns
	closed  bool
}

func (e *exactLength) Read(p []byte) (int, error) {
	switch {
	case e.closed:
		return 0, fmt.Errorf("%s: read: %w", e.backend, fs.ErrClosed)
	case e.err != nil:
		return 0, e.err
	case e.ctx.Err() != nil:
		return 0, e.fail(e.ctx.Err())
	case len(p) == 0:
		return 0, nil
	case e.given == e.size:
		return 0, e.finish()
	}
	if e.size >= 0 && int64(len(p)) > e.size-e.given {
		p = p[:e.size-e.given]
	}
	n, err := e.body.Read(p)
	e.given += int64(n)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, e.fail(err)
	case e.size < 0 || e.given == e.size:
		// It cannot go on after its own end.
		e.err = io.EOF
		return n, io.EOF
	default:
		return n, e.fail(fmt.Errorf("the body ended after %d of %d bytes", e.given, e.size))
	}
}

func (e *exactLength) finish() error {
	_, err := bufio.NewReaderSize(e.body, 1).ReadByte()
	switch {
	case err == nil:
		return e.fail(fmt.Errorf("the body goes on after %d bytes", e.size))
	case errors.Is(err, io.EOF):
		e.err = io.EOF
		return io.EOF
	default:
		return e.fail(err)
	}
}

func (e *exactLength) fail(cause error) error {
	e.err = Unavailable(e.ctx, e.backend, cause)
	return e.err
}

func (e *exactLength) Close() error {
	if e.closed {
		return nil
	}
	e.closed = true
	return e.body.Close()
}
