package invalidation

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What cannot be forgotten is tried again, does not delay the rest, and is logged in the end.
func TestForgetAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls []string
		var log strings.Builder
		failures := map[string]int{"a": 1, "c": 10}
		forget := func(one string) error {
			calls = append(calls, one)
			if failures[one]--; failures[one] >= 0 {
				return errors.New("too many open files")
			}
			return nil
		}
		began := time.Now()
		err := ForgetAll(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), []string{"a", "b", "c"}, forget)
		if want := "a b c a c c"; err != nil || !slices.Equal(calls, strings.Fields(want)) {
			t.Errorf("%v, %v, want %s", calls, err, want)
		}
		if took := time.Since(began); took != 2*firstPause {
			t.Errorf("it took %v", took)
		}
		if text := log.String(); !strings.Contains(text, "pictures=1") || !strings.Contains(text, "too many open files") {
			t.Errorf("logged %q", text)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(firstPause/2, cancel)
		if err := ForgetAll(ctx, slog.New(slog.DiscardHandler), []string{"c"}, forget); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped: %v", err)
		}
	})
}
