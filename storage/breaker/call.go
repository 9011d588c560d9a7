package breaker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/storage"
)

const (
	// maxStuck calls of a backend may be left behind.
	maxStuck = 32
	// stuckAfter is how long after the end of its context a call counts as one that
	// ignores it.
	stuckAfter = 100 * time.Millisecond
)

// callWithDeadline returns when ctx ends even if call ignores its context, as a system
// call on a dead file server does. A late result is passed to discard; stuck counts
// the calls that are still running then.
func callWithDeadline[T any](ctx context.Context, backend string, stuck *atomic.Int64, call func() (T, error), discard func(T)) (result T, err error) {
	if stuck.Load() >= maxStuck {
		return result, storage.Unavailable(ctx, backend, errors.New("too many calls hang, and cannot be ended"))
	}
	type response struct {
		result T
		err    error
	}
	responses := make(chan response, 1)
	go func() {
		var r response
		r.err = storage.Protect(ctx, backend, func() (err error) { r.result, err = call(); return err })
		responses <- r
	}()
	select {
	case r := <-responses:
		return r.result, r.err
	case <-ctx.Done():
	}
	go func() {
		counting := time.AfterFunc(stuckAfter, func() { stuck.Add(1) })
		late := <-responses
		if !counting.Stop() {
			stuck.Add(-1)
		}
		if late.err == nil {
			_ = panics.Try("origin", func() error { discard(late.result); return nil }, "origin", backend)
		}
	}()
	return result, storage.Unavailable(ctx, backend, ctx.Err())
}
