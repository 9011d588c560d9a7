package lifecycle

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestTasks: those that end in time are waited for, those that do not are named, and
// all within one deadline.
func TestTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		takes := func(d time.Duration) func(context.Context) {
			return func(ctx context.Context) {
				<-ctx.Done()
				time.Sleep(d)
			}
		}
		all := Tasks{
			{"at once", takes(0)},
			{"hangs", func(context.Context) { <-release }},
			{"three seconds", takes(3 * time.Second)},
			{"a minute", takes(time.Minute)},
			{"ends by itself", func(context.Context) {}},
		}
		running, stop := context.WithCancel(t.Context())
		await := all.Start(running)
		time.Sleep(time.Hour)
		stop()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		if unfinished := await(ctx); !slices.Equal(unfinished, []string{"hangs", "a minute"}) || time.Since(began) != 10*time.Second {
			t.Errorf("after %v these have not ended: %q", time.Since(began), unfinished)
		}
		time.Sleep(time.Minute)
	})
	synctest.Test(t, func(t *testing.T) {
		running, stop := context.WithCancel(t.Context())
		await := Tasks{{"a second", func(ctx context.Context) { <-ctx.Done(); time.Sleep(time.Second) }}}.Start(running)
		stop()
		began := time.Now()
		if unfinished := await(t.Context()); len(unfinished) > 0 || time.Since(began) != time.Second {
			t.Errorf("after %v these have not ended: %q", time.Since(began), unfinished)
		}
	})
}

// TestTaskPanics: it begins again after a pause, and ends as others do.
func TestTaskPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		running, stop := context.WithCancel(t.Context())
		await := Tasks{{"test-task", func(context.Context) { runs++; panic("boom") }}}.Start(running)
		time.Sleep(10*time.Second + time.Millisecond)
		stop()
		if unfinished := await(t.Context()); len(unfinished) > 0 || runs != 11 {
			t.Errorf("%d runs in 10 s, want one a second; %q have not ended", runs, unfinished)
		}
	})
}
