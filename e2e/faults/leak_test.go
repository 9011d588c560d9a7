package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
)

// Goroutines and descriptors do not grow over two thousand requests: hits, misses, errors,
// ranges, conditional requests, and clients that leave.
func TestNothingGrows(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--hot", "1MiB")
	round := func(from, to int) {
		t.Helper()
		var all sync.WaitGroup
		for worker := range clients {
			all.Go(func() {
				for i := from + worker; i < to; i += clients {
					if err := mixed(s.URL, i); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		e2e.Client.CloseIdleConnections()
	}
	round(0, 500) // until everything has been made that stays
	before := usageOf(t, s)
	round(500, 2500)
	if made := s.Metric(t, `thumbery_resize_seconds_count{of="original",result="ok"}`); made < 200 {
		t.Errorf("only %v pictures were made", made)
	}
	awaitUsage(t, s, before, e2e.Client.CloseIdleConnections)
}

// usage is what grows in a server that leaks.
type usage struct{ goroutines, descriptors float64 }

// usageOf returns what a server uses, once that no longer changes.
func usageOf(t *testing.T, s *e2e.Server) (u usage) {
	t.Helper()
	e2e.Eventually(t, "the server is at rest", func() bool {
		before := u
		u = usage{s.Metric(t, "go_goroutines"), s.Metric(t, "process_open_fds")}
		return u == before && atRest(t, s)
	})
	return u
}

// atRest reports that all child processes of a server are there and have nothing to do.
func atRest(t *testing.T, s *e2e.Server) bool {
	t.Helper()
	return s.Metric(t, `thumbery_workers{state="busy"}`)+s.Metric(t, `thumbery_workers{state="starting"}`) == 0
}

// awaitUsage waits until a server uses no more than before, give or take what the Go
// runtime does. Both ends of a connection take their time to close; closeIdle closes idle
// ones.
func awaitUsage(t *testing.T, s *e2e.Server, before usage, closeIdle func()) {
	t.Helper()
	const some = 3
	var now usage
	e2e.Eventually(t, fmt.Sprintf("the server uses no more than %v", before), func() bool {
		closeIdle()
		now = usage{s.Metric(t, "go_goroutines"), s.Metric(t, "process_open_fds")}
		return atRest(t, s) && now.goroutines <= before.goroutines+some && now.descriptors <= before.descriptors+some
	})
	t.Logf("%v -> %v", before, now)
}

// mixed sends the i-th request of a mixture and checks the answer.
func mixed(base string, i int) error {
	ask := func(path string, status int, headers ...string) error {
		r, err := e2e.Do(http.MethodGet, base+path, headers...)
		if err == nil && r.Status != status {
			err = fmt.Errorf("%s: %d, want %d: %.200s", path, r.Status, status, r.Body)
		}
		return err
	}
	switch i % 10 {
	case 0:
		return ask(fmt.Sprintf("/8x8,q_%d,bg_%06x/odd/alpha.png", 1+i%100, i), 200) // a miss each time
	case 1:
		return ask("/300x/odd/truncated.jpg", 422)
	case 2:
		return ask(fmt.Sprintf("/300x/odd/none-%d.jpg", i), 404)
	case 3:
		return ask("/raw/photos/cat.jpg", 206, "Range", "bytes=100-199")
	case 4:
		return ask("/100x/photos/cat.jpg", 304, "If-None-Match", "*")
	case 5:
		return ask("/info/photos/cat.jpg", 200)
	case 6:
		return leave(base + fmt.Sprintf("/300x,bg_%06x/photos/cat.jpg", i))
	case 7:
		return ask("/300x,nonsense/photos/cat.jpg", 400)
	case 8:
		return ask("/raw/photos/lake.jpg", 200)
	default:
		return ask("/100x,f_webp/photos/cat.jpg", 200)
	}
}

// leaver shares no connections with other clients.
var leaver = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// leave sends a request and does not wait for the answer.
func leave(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := leaver.Do(req)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if err != nil {
		return err
	}
	return res.Body.Close()
}
