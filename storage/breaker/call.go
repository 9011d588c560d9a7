package breaker

import (
	"context"
	"errors"
	"iter"
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
		result, err := storage.Protect(ctx, backend, call)
		responses <- response{result, err}
	}()
	select {
	case r := <-responses:
		return r.result, r.err
	case <-ctx.Done():
	}
	go func() {
		var late response
		select {
		case late = <-responses:
		case <-time.After(stuckAfter):
			stuck.Add(1)
			late = <-responses
			stuck.Add(-1)
		}
		if late.err == nil {
			_ = panics.Try("origin", func() error { discard(late.result); return nil }, "origin", backend)
		}
	}()
	return result, storage.Unavailable(ctx, backend, ctx.Err())
}

// protectedList turns a panic of the backend into the last element of its listing. A
// panic of the caller's loop is not the backend's.
func protectedList(ctx context.Context, backend string, list func() iter.Seq2[storage.Entry, error]) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		inCaller, more := false, true
		defer func() {
			if inCaller {
				return
			}
			if value := recover(); value != nil {
				err := storage.Transient(ctx, backend, panics.Recovered("origin", value, "origin", backend))
				if more {
					yield(storage.Entry{}, err)
				}
			}
		}()
		for entry, err := range list() {
			inCaller = true
			more = yield(entry, err)
			inCaller = false
			if !more {
				return
			}
		}
	}
}
