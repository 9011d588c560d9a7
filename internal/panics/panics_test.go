package panics

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func explode() { panic("boom in explode") }

// TestTry is not parallel to others: it changes the default logger.
func TestTry(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	count := Counts()["test-try"] // not 0 with -count 2
	err := Try("test-try", func() error { explode(); return nil }, "key", "cat.jpg")
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Value != "boom in explode" || e.Error() != "panic: boom in explode" || !bytes.Contains(e.Stack, []byte("explode")) {
		t.Fatalf("Try gives %v", err)
	}
	for _, part := range []string{"level=ERROR", "where=test-try", "panic: boom in explode", "panics.explode", "key=cat.jpg"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log has no %q: %s", part, &log)
		}
	}
	if n := Counts()["test-try"] - count; n != 1 {
		t.Errorf("counted %d times, want once", n)
	}
}

func TestTryWithoutPanic(t *testing.T) {
	boom := errors.New("boom")
	if err := Try("test-none", func() error { return boom }); err != boom {
		t.Errorf("Try gives %v, want boom", err)
	}
	if n := Counts()["test-none"]; n != 0 {
		t.Errorf("counted %d times", n)
	}
}

func TestUnwrap(t *testing.T) {
	boom := errors.New("boom")
	if err := Try("test-unwrap", func() error { panic(boom) }); !errors.Is(err, boom) {
		t.Errorf("%v is not boom", err)
	}
	if err := (&Error{Value: "no error"}); err.Unwrap() != nil {
		t.Errorf("unwraps to %v", err.Unwrap())
	}
}

func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, runs := time.Now(), 0
		Loop(t.Context(), "test-loop", func(context.Context) {
			if runs++; runs < 4 {
				panic("boom")
			}
		})
		if took := time.Since(began); runs != 4 || took != 3*pause {
			t.Errorf("%d runs in %v, want 4 in %v", runs, took, 3*pause)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began, runs := time.Now(), 0
		Loop(ctx, "test-loop", func(context.Context) {
			runs++
			cancel()
			panic("boom")
		})
		if took := time.Since(began); runs != 1 || took != 0 {
			t.Errorf("%d runs in %v after its end, want 1 at once", runs, took)
		}
	})
}
