package cache_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/variant"
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

// lossy is a Store whose disk cannot be written, nor read back what was.
type lossy struct{ cache.Store }

var errLost = errors.New("disk on fire")

func (lossy) Fill(_ context.Context, _ variant.Name, r io.Reader, _ time.Time) (*cache.Blob, error) {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, err
	}
	return nil, errLost
}

// A body that the Store has lost is reported; one that did not arrive is not its failure.
func TestReporterOfLostBodies(t *testing.T) {
	t.Parallel()
	gone, leave := context.WithCancel(t.Context())
	leave()
	for name, tt := range map[string]struct {
		ctx  context.Context
		body io.Reader
		want int
	}{
		"lost":               {t.Context(), strings.NewReader("body"), 1},
		"a body that fails":  {t.Context(), iotest.ErrReader(errors.New("reset")), 0},
		"a client that left": {gone, strings.NewReader("body"), 0},
	} {
		var log strings.Builder
		failed := 0
		s := cache.NewReporter(slog.New(slog.NewTextHandler(&log, nil)), time.Now).Watch(lossy{cachetest.NewFake()}, "derivatives", func(_ int64, err error) {
			if errors.Is(err, errLost) {
				failed++
			}
		})
		if b, err := s.Fill(tt.ctx, "3fa0", tt.body, time.Time{}); b != nil || err == nil {
			t.Errorf("%s: %v, %v", name, b, err)
		}
		if n := strings.Count(log.String(), "not kept in the disk cache"); n != tt.want || failed != tt.want {
			t.Errorf("%s: %d failures, and the log has %q", name, failed, &log)
		}
	}
}
