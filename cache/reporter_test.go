package cache_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
)

// Failures of a Store are logged, one a minute, and its bodies are counted.
func TestReporter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		fake, failure := cachetest.NewFake(), errors.New("disk on fire")
		var kept, failed int64
		s := cache.NewReporter(slog.New(slog.NewTextHandler(&log, nil)), time.Now).Watch(fake, "derivatives", func(bytes int64, err error) {
			if kept += bytes; err != nil {
				failed++
			}
		})
		fill := func() {
			b, err := s.Fill(t.Context(), "3fa0", strings.NewReader("body"), time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			b.Close()
		}
		logged := func(when, want string) {
			t.Helper()
			if n := strings.Count(log.String(), "\n"); (want == "") != (n == 0) || n > 1 || !strings.Contains(log.String(), want) {
				t.Errorf("%s: the log has %q, want %q", when, log.String(), want)
			}
			log.Reset()
			time.Sleep(time.Minute)
		}
		_, _ = s.Open("3fa0")
		fill()
		logged("a miss, and a body", "")
		fake.FailFill(cache.ErrNoRoom)
		fill()
		logged("no room", "")
		fake.FailFill(failure)
		fill()
		fill()
		logged("two failures to write", "not kept in the disk cache")
		fake.FailOpen(failure)
		_, _ = s.Open("3fa0")
		logged("a failure to open", "cannot read the disk cache")
		fake.FailRemove(failure)
		_ = s.Remove("3fa0")
		logged("a failure to remove", "cannot remove from the disk cache")
		if kept != 16 || failed != 3 {
			t.Errorf("told of %d bytes and %d failures, want 16 and 3", kept, failed)
		}
	})
}
