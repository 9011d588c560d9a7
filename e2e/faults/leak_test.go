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

// Neither goroutines nor descriptors grow over ten thousand requests: hits,
// misses, errors, ranges, conditions, and clients that leave.
func TestNothingGrows(t *testing.T) {
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
	goroutines, descriptors := settled(t, s)
	round(500, 10_500)
	moreGoroutines, moreDescriptors := settled(t, s)
	if made := s.Metric(t, `thumbery_resize_seconds_count{of="original",result="ok"}`); made < 1000 {
		t.Errorf("only %v pictures were made", made)
	}
	t.Logf("goroutines %v -> %v, descriptors %v -> %v", goroutines, moreGoroutines, descriptors, moreDescriptors)
	const some = 5 // the runtime's own come and go
	if moreGoroutines > goroutines+some || moreDescriptors > descriptors+some {
		t.Errorf("goroutines %v -> %v, descriptors %v -> %v", goroutines, moreGoroutines, descriptors, moreDescriptors)
	}
}

// settled returns the numbers of goroutines and descriptors, once the
// connections of the load have gone.
func settled(t *testing.T, s *e2e.Server) (goroutines, descriptors float64) {
	t.Helper()
	for range 200 {
		g, d := s.Metric(t, "go_goroutines"), s.Metric(t, "process_open_fds")
		if g == goroutines && d == descriptors {
			break
		}
		goroutines, descriptors = g, d
	}
	return goroutines, descriptors
}

// mixed is the i-th request of a mixture, and checks its answer.
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

// leaver shares no connections with those who stay.
var leaver = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// leave asks and does not wait for the answer.
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
