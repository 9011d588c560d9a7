package storage

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
)

// outcome is what an attempt says about the place.
type outcome int

const (
	unknown outcome = iota
	worked
	failed
)

// Who stopped waiting has seen a failure if it was waited for so long.
const (
	waitedToDeadline = time.Second     // our own limit was reached
	waitedByClient   = 5 * time.Second // a client left
)

// judge says what it means that an attempt ended with err after took.
func judge(ctx context.Context, took time.Duration, err error) outcome {
	switch {
	case err == nil || failure.Of(err).IsAnswer():
		return worked
	case failure.Of(err) == failure.Server:
		return unknown
	case ctx.Err() == nil:
		return failed
	case took >= waitedByClient, took >= waitedToDeadline && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return failed
	default:
		return unknown
	}
}

// watchedBody settles the attempt that it came of: when it ended or failed, and
// that of a probe with its first bytes, as others wait for that.
type watchedBody struct {
	io.ReadCloser
	ctx     context.Context
	attempt *attempt
	broke   func(place string, err error)
	over    bool
}

func (w *watchedBody) Read(p []byte) (int, error) {
	begun := time.Now()
	n, err := shielded(w.ctx, w.attempt.breaker.place, func() (int, error) { return w.ReadCloser.Read(p) })
	switch {
	case err == nil && n > 0 && w.attempt.probe:
		w.attempt.settle(worked, begun, nil)
	case err == nil || w.over:
	case errors.Is(err, io.EOF):
		w.over = true
		w.attempt.settle(worked, begun, nil)
	default:
		w.over = true
		w.fail(begun, err)
	}
	return n, err
}

func (w *watchedBody) fail(begun time.Time, err error) {
	o := unknown
	if errors.Is(err, ErrUnavailable) || w.ctx.Err() != nil {
		o = judge(w.ctx, time.Since(begun), err)
	}
	w.attempt.settle(o, begun, err)
	if o == failed && w.broke != nil {
		w.broke(w.attempt.breaker.place, err)
	}
}

// Close settles what was not read to its end: a probe was answered, else nothing
// is known.
func (w *watchedBody) Close() error {
	o := unknown
	if w.attempt.probe {
		o = worked
	}
	w.attempt.settle(o, w.attempt.begun, nil)
	_, err := shielded(w.ctx, w.attempt.breaker.place, func() (struct{}, error) { return struct{}{}, w.ReadCloser.Close() })
	return err
}

const (
	// maxHung calls of a place may be left behind.
	maxHung = 32
	// hangAfter is how long after its context's end a call counts as one that
	// ignores it.
	hangAfter = 100 * time.Millisecond
)

// leavable makes a call that ends when ctx does, whether or not what it calls
// heeds it. What comes too late is discarded. hung counts those left behind.
func leavable[T any](ctx context.Context, place string, hung *atomic.Int64, call func() (T, error), discard func(T)) (result T, err error) {
	if hung.Load() >= maxHung {
		return result, Unavailable(ctx, place, errors.New("too many calls hang, and cannot be ended"))
	}
	type answer struct {
		result T
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		result, err := shielded(ctx, place, call)
		answers <- answer{result, err}
	}()
	select {
	case a := <-answers:
		return a.result, a.err
	case <-ctx.Done():
	}
	go func() {
		late := func(a answer) {
			if a.err == nil {
				_ = panics.Try("origin", func() error { discard(a.result); return nil }, "origin", place)
			}
		}
		timer := time.NewTimer(hangAfter)
		defer timer.Stop()
		select {
		case a := <-answers:
			late(a)
		case <-timer.C:
			hung.Add(1)
			defer hung.Add(-1)
			late(<-answers)
		}
	}()
	return result, Unavailable(ctx, place, ctx.Err())
}
