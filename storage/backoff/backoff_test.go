package backoff

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
)

func TestDo(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is full")
	for _, tt := range []struct {
		name     string
		failures int // before it succeeds
		err      error
		calls    int
		wantErr  bool
	}{
		{"works", 0, nil, 1, false},
		{"down for a while", 5, storage.ErrUnavailable, 6, false},
		{"down", 6, storage.ErrUnavailable, 6, true},
		{"unknown errors pass, too", 2, broken, 3, false},
		{"not found", 9, fmt.Errorf("x: %w", storage.ErrNotFound), 1, true},
		{"refused", 9, storage.ErrRefused, 1, true},
		{"exists", 9, storage.ErrExists, 1, true},
		{"final", 9, fmt.Errorf("x: %w", Final(broken)), 1, true},
		{"stopped", 9, context.Canceled, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, calls := time.Now(), 0
				err := Do(t.Context(), func() error {
					if calls++; calls <= tt.failures {
						return tt.err
					}
					return nil
				})
				if calls != tt.calls || (err != nil) != tt.wantErr || err != nil && !errors.Is(err, tt.err) {
					t.Errorf("%d calls, %v", calls, err)
				}
				if took := time.Since(began); calls == attempts && (took < 20*time.Second || took > 40*time.Second) {
					t.Errorf("all attempts take %v", took)
				}
			})
		})
	}
}

func TestDoEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		err := Do(ctx, func() error { return storage.ErrUnavailable })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
