package breaker

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/storage"
)

type outcome int

const (
	unknown outcome = iota
	worked
	didFail
)

// A caller that stopped waiting has seen a failure if it waited for so long.
const (
	waitedToDeadline = time.Second     // until its deadline
	waitedByClient   = 5 * time.Second // until the client left
)

// classify returns what it means that an attempt ended with err after took.
func classify(ctx context.Context, took time.Duration, err error) outcome {
	class := failure.Of(err)
	switch {
	case err == nil || class.IsAnswer():
		return worked
	case class == failure.Server:
		return unknown
	case ctx.Err() == nil:
		return didFail
	case took >= waitedByClient, took >= waitedToDeadline && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return didFail
	default:
		return unknown
	}
}

// body settles the attempt that it came of: when it has ended or failed, and the one half-open
// request with its first bytes, as others wait for that.
type body struct {
	io.ReadCloser
	ctx     context.Context
	attempt *attempt
	failed  func(backend string, err error) // Observer.BodyFailed
	ended   bool
}

func (b *body) Read(p []byte) (int, error) {
	begun := time.Now()
	var n int
	err := b.protect(func() (err error) { n, err = b.ReadCloser.Read(p); return err })
	switch {
	case err == nil && n > 0 && b.attempt.isAlone:
		b.attempt.settle(worked, begun, nil)
	case err == nil || b.ended:
	case errors.Is(err, io.EOF):
		b.ended = true
		b.attempt.settle(worked, begun, nil)
	default:
		b.ended = true
		b.recordFailure(begun, err)
	}
	return n, err
}

func (b *body) recordFailure(begun time.Time, err error) {
	o := unknown
	if errors.Is(err, storage.ErrUnavailable) || b.ctx.Err() != nil {
		o = classify(b.ctx, time.Since(begun), err)
	}
	b.attempt.settle(o, begun, err)
	if o == didFail && b.failed != nil {
		b.failed(b.attempt.circuit.backend, err)
	}
}

// Close settles what was not read to its end: the half-open request was answered, else nothing is
// known.
func (b *body) Close() error {
	o := unknown
	if b.attempt.isAlone {
		o = worked
	}
	b.attempt.settle(o, b.attempt.begun, nil)
	return b.protect(b.ReadCloser.Close)
}

func (b *body) protect(call func() error) error {
	return storage.Protect(b.ctx, b.attempt.circuit.backend, call)
}
