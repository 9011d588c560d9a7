package storage

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
)

// Protect calls the client of a backend, and turns a panic into ErrTransient: it may
// be due to one response, or to one object's headers.
func Protect[T any](ctx context.Context, backend string, call func() (T, error)) (result T, err error) {
	err = panics.Try("origin", func() (err error) { result, err = call(); return err }, "origin", backend)
	if panicked, ok := errors.AsType[*panics.Error](err); ok {
		err = Transient(ctx, backend, panicked)
	}
	return result, err
}

// The second attempt of a request comes so much later.
const (
	minRetryDelay = 100 * time.Millisecond
	maxRetryDelay = 300 * time.Millisecond
)

// PauseBeforeRetry waits before the second attempt of a request. It returns false if
// ctx ends before.
func PauseBeforeRetry(ctx context.Context) bool {
	timer := time.NewTimer(minRetryDelay + rand.N(maxRetryDelay-minRetryDelay))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
