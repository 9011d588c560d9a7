package shared_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
)

func (f *tier) read(ctx context.Context) (int, bool) {
	o, err := f.Get(ctx, name(1))
	return len(o.Data), err == nil
}

func make7(context.Context) (int, error) { return 7, nil }

var (
	errGone = failure.New(failure.NotFound, "gone")
	errBusy = failure.New(failure.Busy, "busy")
)

func TestHedge(t *testing.T) {
	t.Parallel()
	const never = time.Hour
	for what, c := range map[string]struct {
		reading time.Duration // until read answers
		hit     bool
		making  time.Duration
		err     error // of make
		want    int   // 1 is read's, 7 make's
		took    time.Duration
		makes   int
	}{
		"hit":                            {time.Millisecond, true, time.Second, nil, 1, time.Millisecond, 0},
		"miss":                           {time.Millisecond, false, time.Second, nil, 7, 1001 * time.Millisecond, 1},
		"miss, and making fails":         {time.Millisecond, false, time.Second, errDown, 0, 1001 * time.Millisecond, 1},
		"slow hit":                       {300 * time.Millisecond, true, time.Second, nil, 1, 300 * time.Millisecond, 1},
		"slow miss":                      {300 * time.Millisecond, false, time.Second, nil, 7, 1100 * time.Millisecond, 1},
		"hanging":                        {never, false, time.Second, nil, 7, 1100 * time.Millisecond, 1},
		"slow hit of an origin down":     {time.Second, true, 0, errDown, 1, time.Second, 1},
		"slow miss of an origin down":    {time.Second, false, 0, errDown, 0, time.Second, 1},
		"slow hit of what is gone":       {time.Second, true, 0, errGone, 0, 100 * time.Millisecond, 1},
		"slow hit where a queue is full": {time.Second, true, 0, errBusy, 0, 100 * time.Millisecond, 1},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				began, makes := time.Now(), 0
				got, err := shared.Hedge(ctx, 100*time.Millisecond,
					func(context.Context) (int, bool) { time.Sleep(c.reading); return 1, c.hit },
					func(ctx context.Context) (int, error) {
						makes++
						select {
						case <-time.After(c.making):
							if c.err != nil {
								return 0, c.err
							}
							return 7, nil
						case <-ctx.Done():
							return 0, ctx.Err()
						}
					})
				if took := time.Since(began); got != c.want || c.want == 0 && err != c.err || took != c.took || makes != c.makes {
					t.Errorf("%d, %v after %v, made %d times", got, err, took, makes)
				}
				time.Sleep(never) // reading goes on
			})
		})
	}
}

// The end of the request ends making, and not reading, which finds out whether the bucket
// hangs.
func TestHedgeCanceled(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), at)
			defer cancel()
			var readErr, makeErr error
			_, err := shared.Hedge(ctx, 100*time.Millisecond,
				func(ctx context.Context) (int, bool) { time.Sleep(time.Second); readErr = ctx.Err(); return 0, false },
				func(ctx context.Context) (int, error) { <-ctx.Done(); makeErr = ctx.Err(); return 0, ctx.Err() })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if readErr != nil || at > 100*time.Millisecond && makeErr == nil {
				t.Errorf("reading ended with %v, making with %v", readErr, makeErr)
			}
		})
	}
}

func TestHedgePanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		boom := func(context.Context) (int, error) { panic("boom") }
		got, err := shared.Hedge(t.Context(), 0, func(context.Context) (int, bool) { panic("boom") }, make7)
		if got != 7 || err != nil {
			t.Errorf("reading panics: %d, %v", got, err)
		}
		_, err = shared.Hedge(t.Context(), 0, func(context.Context) (int, bool) { time.Sleep(time.Second); return 0, false }, boom)
		if _, ok := errors.AsType[*panics.Error](err); !ok {
			t.Errorf("making panics: %v", err)
		}
		time.Sleep(time.Second) // reading goes on
	})
}
