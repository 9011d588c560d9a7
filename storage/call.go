package storage

import (
	"context"
	"errors"

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
