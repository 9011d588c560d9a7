// Package backoff repeats listings and copies that failed for a transient reason, with
// pauses that double. No request waits for them: when a fetch for a request fails,
// package hedge tries once more.
package backoff

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/storage"
)

const (
	// attempts is how often a call is made; with the pauses between them that takes
	// about half a minute.
	attempts = 6
	// firstPause doubles after each attempt.
	firstPause = time.Second
)

// Do calls f until it succeeds, has failed six times, or fails with an error that
// another attempt would not change, and returns f's last error. It returns the error
// of ctx when that ends during a pause.
func Do(ctx context.Context, f func() error) error {
	for attempt, pause := 1, firstPause; ; attempt, pause = attempt+1, 2*pause {
		err := f()
		if err == nil || attempt == attempts || isFinal(err) {
			return err
		}
		jitter := rand.N(pause/2) - pause/4 // so that workers do not retry in step
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause + jitter):
		}
	}
}

// Final marks an error as one that another attempt would not change.
func Final(err error) error { return &finalError{err} }

type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

func isFinal(err error) bool {
	if _, ok := errors.AsType[*finalError](err); ok {
		return true
	}
	class := failure.Of(err)
	return class.IsAnswer() || class == failure.Canceled
}

// ErrUnordered says that a listing broke off and cannot be resumed, because the
// backend does not list in the order of its keys.
var ErrUnordered = Final(errors.New("the backend does not list in order, so a broken listing cannot be resumed: run it again"))

// List lists the keys of a backend that begin with prefix. When the listing breaks
// off it lists again and skips what it had. skipped, which may be nil, is told of
// names that are no keys, once each. An error is the last element.
func List(ctx context.Context, backend storage.Lister, prefix string, skipped func(name string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if skipped == nil {
			skipped = func(string) {}
		}
		l := listing{backend: backend, prefix: prefix, skipped: skipped, yield: yield, ordered: true}
		err := Do(ctx, func() error { return l.attempt(ctx) })
		if err != nil && !l.stopped {
			yield(storage.Entry{}, err)
		}
	}
}

// listing is the state that the attempts of one List share.
type listing struct {
	backend storage.Lister
	prefix  string
	skipped func(name string)
	yield   func(storage.Entry, error) bool

	last    string // the greatest key, also of those that were skipped
	ordered bool   // so far, each key was greater than the one before
	stopped bool   // the consumer has enough
}

// attempt lists once. If a second attempt is unordered, nobody knows whether what it
// skips had come before.
func (l *listing) attempt(ctx context.Context) error {
	had, at := l.last, ""
	see := func(key string) (isNew bool) {
		l.ordered = l.ordered && key > at
		at = key
		return had == "" || key > had
	}
	skipped := func(name string) {
		if see(name) {
			l.last = max(l.last, name)
			l.skipped(name)
		}
	}
	for entry, err := range l.backend.List(ctx, l.prefix, skipped) {
		if err != nil && l.ordered {
			return err
		}
		if err != nil {
			return errors.Join(ErrUnordered, err)
		}
		isNew := see(entry.Key)
		switch {
		case had != "" && !l.ordered:
			return ErrUnordered
		case !isNew:
			continue
		}
		l.last = max(l.last, entry.Key)
		if !l.yield(entry, nil) {
			l.stopped = true
			return nil
		}
	}
	return nil
}
