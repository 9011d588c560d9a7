package freshness

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// view is a URL's beginning by which pictures are requested: that of Varnish, or a node's.
type view struct {
	name, url string
}

func (s *Stack) views(nodes ...int) []view {
	all := []view{{"varnish", "http://" + s.front}}
	for _, n := range nodes {
		all = append(all, view{fmt.Sprint("node ", n+1), "http://" + s.Nodes[n].Public})
	}
	return all
}

// variants are those in which each picture is requested.
var variants = []string{"/120x80/", "/90x60,f_jpeg,q_70/", "/raw/"}

var client = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

// look requests a picture and returns the version that is seen.
func (s *Stack) look(ctx context.Context, v view, variant string, n int) (version int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+variant+outage.Key(n), http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %v", resp.Status, err)
	}
	shown, _, _, err := outage.Number(body)
	if err != nil || shown/versionsEach != n {
		return 0, fmt.Errorf("picture %d shows %d: %v", n, shown, err)
	}
	return shown % versionsEach, nil
}

// Warm has Varnish and each node keep all pictures in all variants.
func (s *Stack) Warm(t pinned.T) {
	t.Helper()
	for _, v := range s.views(0, 1, 2) {
		for n := range s.pictures {
			for _, variant := range variants {
				for range 3 { // what is requested a second time is hot, and then kept
					if got, err := s.look(t.Context(), v, variant, n); err != nil || got != s.versions[n] {
						t.Fatalf("%s shows version %d of picture %d and not %d, %v", v.name, got, n, s.versions[n], err)
					}
				}
			}
		}
	}
}

// Seen is what was seen by one view.
type Seen struct {
	View           string
	Answers, Stale int
	Errors         int // no answer, or none with a picture
	// Longest is the longest time between a picture's upload, or the return of a node, and
	// the beginning of a request that showed an old version of it.
	Longest time.Duration
}

// expectation is which versions should be seen, and since when.
type expectation struct {
	mu       sync.Mutex
	versions []int
	since    []time.Time // zero: not yet
}

func (s *Stack) expect(since time.Time) *expectation {
	return &expectation{versions: slices.Clone(s.versions), since: slices.Repeat([]time.Time{since}, s.pictures)}
}

// met says that a picture was uploaded.
func (e *expectation) met(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.since[n] = time.Now()
}

// watchPace is how often each view is looked at: all the time would take what CPU there is.
const watchPace = 5 * time.Millisecond

// watch looks at all pictures by each view, until the function is called.
func (s *Stack) watch(e *expectation, views []view) (stop func() []Seen) {
	ctx, cancel := context.WithCancel(context.Background())
	all := make([]Seen, len(views))
	var running sync.WaitGroup
	for i, v := range views {
		all[i].View = v.name
		running.Go(func() {
			for pace := time.Tick(watchPace); ctx.Err() == nil; <-pace {
				s.see(ctx, v, e, &all[i])
			}
		})
	}
	return func() []Seen { cancel(); running.Wait(); return all }
}

// see looks at any picture once.
func (s *Stack) see(ctx context.Context, v view, e *expectation, seen *Seen) {
	n, variant := rand.IntN(s.pictures), variants[rand.IntN(len(variants))]
	began := time.Now()
	version, err := s.look(ctx, v, variant, n)
	if ctx.Err() != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	seen.Answers++
	switch since := e.since[n]; {
	case err != nil:
		seen.Errors++
	case version != e.versions[n] && !since.IsZero() && began.After(since):
		seen.Stale++
		seen.Longest = max(seen.Longest, began.Sub(since))
	}
}

// Look looks at any pictures so many times by Varnish, and as often by all of these nodes
// together, and returns what was seen.
func (s *Stack) Look(ctx context.Context, times int, nodes ...int) []Seen {
	views, e := s.views(nodes...), s.expect(time.Now())
	all := make([]Seen, len(views))
	var running sync.WaitGroup
	for i, v := range views {
		all[i].View = v.name
		share := times
		if i > 0 {
			share = times / len(nodes)
		}
		running.Go(func() {
			for range share {
				s.see(ctx, v, e, &all[i])
			}
		})
	}
	running.Wait()
	return all
}
