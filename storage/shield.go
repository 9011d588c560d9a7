package storage

import (
	"context"
	"errors"
	"iter"

	"github.com/thumbery/thumbery/internal/panics"
)

// shielded makes a call of a place's client. Its panic is an ErrTransient of the
// place: it may be the answer to one request, or to one object's headers.
func shielded[T any](ctx context.Context, place string, call func() (T, error)) (result T, err error) {
	err = panics.Try("origin", func() (err error) { result, err = call(); return err }, "origin", place)
	if panicked, ok := errors.AsType[*panics.Error](err); ok {
		err = Transient(ctx, place, panicked)
	}
	return result, err
}

// shieldedList is a listing whose panic is an error of the place, and its last
// entry. A panic of what goes through the listing is none of the place.
func shieldedList(ctx context.Context, place string, list func() iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		outside, more := false, true // of the place
		defer func() {
			if outside {
				return
			}
			if value := recover(); value != nil {
				err := Transient(ctx, place, panics.Recovered("origin", value, "origin", place))
				if more {
					yield(Entry{}, err)
				}
			}
		}()
		for entry, err := range list() {
			outside = true
			more = yield(entry, err)
			outside = false
			if !more {
				return
			}
		}
	}
}
