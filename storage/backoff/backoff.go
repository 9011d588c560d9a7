// Package backoff repeats listings and copies that failed for a transient reason, with
// pauses that double. No request waits for either. The one second attempt of a request is
// made by package hedge.
package backoff

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
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
