package shared

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
)

// Hedge returns what read finds. If it finds nothing, or has not answered after a time, it
// calls make as well, and returns what is there first. Where make fails since something is
// unavailable, Hedge waits for read.
//
// read may go on after Hedge has returned, until its own time limit: only so is it noticed that
// a bucket hangs. Its context has the values of ctx, but not its end. That of make ends when
// Hedge returns.
func Hedge[T any](ctx context.Context, after time.Duration, read func(context.Context) (T, bool), make func(context.Context) (T, error)) (T, error) {
	endless := context.WithoutCancel(ctx)
	found := begin(func() (T, bool) { return read(endless) })
	timer := time.NewTimer(after)
	defer timer.Stop()
	var none T
	select {
	case v, ok := <-found:
		if ok {
			return v, nil
		}
		return make(ctx)
	case <-ctx.Done():
		return none, ctx.Err()
	case <-timer.C:
	}
	making, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	made := begin(func() (v T, ok bool) {
		err = panics.Try("shared", func() error { v, err = make(making); return err })
		return v, err == nil
	})
	for found != nil || made != nil {
		select {
		case v, ok := <-found:
			if ok {
				return v, nil
			}
			found = nil
		case v, ok := <-made:
			if ok {
				return v, nil
			}
			if made = nil; failure.Of(err) != failure.Unavailable {
				return none, err
			}
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
	return none, err
}

// begin runs work in a goroutine of its own. The channel gives its result, or is closed if it
// has none.
func begin[T any](work func() (T, bool)) <-chan T {
	result := make(chan T, 1)
	go func() {
		defer close(result)
		_ = panics.Try("shared", func() error { // which has logged it
			if v, ok := work(); ok {
				result <- v
			}
			return nil
		})
	}()
	return result
}
