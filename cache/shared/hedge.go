package shared

import (
	"context"
	"errors"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
)

// Hedge returns what read finds. If it finds nothing, or has not answered after a time, it
// calls build as well, and returns what is there first. Where build fails since something is
// unavailable, Hedge waits for read.
//
// read may go on after Hedge has returned, until its own time limit: only so is it noticed that
// a bucket hangs. Its context has the values of ctx, but not its end. That of build ends when
// Hedge returns.
func Hedge[T any](ctx context.Context, after time.Duration, read func(context.Context) (T, bool), build func(context.Context) (T, error)) (T, error) {
	found := begin(func() (v T, err error) {
		v, ok := read(context.WithoutCancel(ctx))
		if !ok {
			err = errNothing
		}
		return v, err
	})
	hedging, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	r := await(hedging, found)
	switch {
	case r.err == nil:
		return r.value, nil
	case ctx.Err() != nil:
		return r.value, ctx.Err()
	case r.err != context.DeadlineExceeded: // read has found nothing
		return build(ctx)
	}
	building, cancel := context.WithCancel(ctx)
	defer cancel()
	built := begin(func() (T, error) { return build(building) })
	select {
	case r = <-found:
		if r.err != nil {
			r = await(ctx, built)
		}
	case r = <-built:
		if failure.Of(r.err) != failure.Unavailable {
			break
		}
		if late := await(ctx, found); late.err == nil || late.err == ctx.Err() {
			r = late
		}
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	return r.value, r.err
}

// errNothing means that read has found nothing.
var errNothing = errors.New("not in the bucket")

type result[T any] struct {
	value T
	err   error
}

// begin runs work in a goroutine of its own.
func begin[T any](work func() (T, error)) <-chan result[T] {
	done := make(chan result[T], 1)
	go func() {
		var r result[T]
		r.err = panics.Try("shared", func() (err error) { r.value, err = work(); return err })
		done <- r
	}()
	return done
}

func await[T any](ctx context.Context, done <-chan result[T]) result[T] {
	select {
	case r := <-done:
		return r
	case <-ctx.Done():
		return result[T]{err: ctx.Err()}
	}
}
