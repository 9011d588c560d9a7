package disk

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
)

// A PurgeLoop purges about once an interval, at varying distances, continues after errors,
// and ends with its context.
func TestPurgeLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var at []time.Duration
		began := time.Now()
		l := &PurgeLoop{Dir: "d", Every: time.Hour, Policy: eviction.Policy{MinFree: 0.1}, Log: slog.New(slog.NewTextHandler(&log, nil))}
		l.purge = func(_ context.Context, dir string, p eviction.Policy, _ PurgeOptions) (Summary, error) {
			if dir != "d" || p != l.Policy {
				t.Errorf("purges %q by %+v", dir, p)
			}
			at = append(at, time.Since(began))
			switch len(at) {
			case 2:
				return Summary{}, ErrPurging
			case 3:
				return Summary{}, errors.New("disk on fire")
			case 4:
				panic("in the purge")
			}
			s := Summary{TooSmall: true}
			s.Mezzanines.Removed.Files, s.Mezzanines.Kept.Files = 17, 23
			return s, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Hour+30*time.Minute)
		defer cancel()
		l.Run(ctx)
		if len(at) < 90 || len(at) > 112 || at[0] >= time.Hour {
			t.Errorf("%d purges in 100 hours, the first after %v", len(at), at[0])
		}
		distances := map[time.Duration]bool{}
		for i := 1; i < len(at); i++ {
			d := at[i] - at[i-1]
			distances[d] = true
			if d < 54*time.Minute || d > 66*time.Minute {
				t.Errorf("%v between two purges", d)
			}
		}
		if len(distances) < 10 {
			t.Errorf("only %d different distances", len(distances))
		}
		for _, want := range []string{"another purge of the cache is running", "disk on fire", "panic: in the purge", "level=WARN msg=\"purged the cache\"", "mezzanines_removed=17 mezzanines_kept=23"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log has no %q", want)
			}
		}
	})
}
