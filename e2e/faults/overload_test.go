package faults

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// Ten times the load that can be served: no hit fails, what is refused is told to
// come again, and afterwards all is as it was.
func TestOverloadTenfold(t *testing.T) {
	const pictures, load = 40, 5 * time.Second
	place := breakable(t, pictures, "s3")[0]
	s := e2e.Serve(t, "--source", "/="+place.Source(), "--cache", t.TempDir(), "--hot", "64KiB", "--queue", "20", "--fetches", "16", "--max-versions", "0")
	m := mixture(t, s.URL, pictures)
	best := best(t.Context(), m)
	goroutines, descriptors := alone(t, s, m, place)

	var tally outage.Tally
	ask := func(kind outage.Kind, wish outage.Wish) func() {
		return func() { tally.Add(kind, wish, m.Client.Ask(t.Context(), wish.Path)) }
	}
	var all sync.WaitGroup
	random := rand.New(rand.NewPCG(6, 6))
	all.Go(func() {
		outage.Offer(t.Context(), 10*best, load, func() func() {
			return ask(outage.Unseen, m.Unseen(random))
		})
	})
	others := rand.New(rand.NewPCG(7, 7))
	all.Go(func() {
		outage.Offer(t.Context(), 20, load, func() func() { return ask(outage.Hit, m.Hit(others)) })
	})
	all.Wait()
	wantHonest(t, &tally)
	if tally.Count(outage.Unseen, http.StatusServiceUnavailable) == 0 {
		t.Error("nothing was refused: this was no overload")
	}
	t.Logf("best %.0f pictures a second, %.0f MiB at most", best, s.PeakMiB(t))
	tally.Print(os.Stderr)
	if peak := s.PeakMiB(t); peak > 1024 {
		t.Errorf("%.0f MiB of memory", peak)
	}
	wantBack(t, s, m, place, goroutines, descriptors)
}

// best is how many pictures that were never seen come a second, if no more are
// asked for than that.
func best(ctx context.Context, m *outage.Mix) float64 {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(9, 9))
	next := func() outage.Wish {
		mu.Lock()
		defer mu.Unlock()
		return m.Unseen(random)
	}
	return outage.Best(ctx, clients, 2*time.Second, func(ctx context.Context) outage.Answer { return m.Client.Ask(ctx, next().Path) })
}

// alone returns the numbers of goroutines and descriptors without connections.
func alone(t *testing.T, s *e2e.Server, m *outage.Mix, place *outage.Place) (goroutines, descriptors float64) {
	t.Helper()
	m.Client.Close()
	e2e.Must(t, place.Heal()) // closes those to S3
	return settled(t, s)
}

// wantBack wants the numbers of goroutines and descriptors to return.
func wantBack(t *testing.T, s *e2e.Server, m *outage.Mix, place *outage.Place, goroutines, descriptors float64) {
	t.Helper()
	const some = 5 // the runtime's own come and go
	back := func(g, d float64) bool { return g <= goroutines+some && d <= descriptors+some }
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	g, d := alone(t, s, m, place)
	for i := 0; i < 100 && !back(g, d); i++ { // both ends of a connection take their time
		<-tick.C
		g, d = settled(t, s)
	}
	t.Logf("goroutines %v -> %v, descriptors %v -> %v", goroutines, g, descriptors, d)
	if !back(g, d) {
		t.Errorf("goroutines %v -> %v, descriptors %v -> %v", goroutines, g, descriptors, d)
	}
}

// One new picture that a thousand ask for every second costs one fetch and one
// resize.
func TestOneHotPicture(t *testing.T) {
	const pictures, rate, load = 4, 1000, 3 * time.Second
	place := breakable(t, pictures, "s3")[0]
	s := e2e.Serve(t, "--source", "/="+place.Source(), "--cache", t.TempDir())
	m := mixture(t, s.URL, pictures)
	fetches, resizes := s.Total(t, "thumbery_fetch_seconds_count"), s.Total(t, "thumbery_resize_seconds_count")
	e2e.Must(t, place.Break(outage.Late())) // all wait for one fetch
	wish := outage.Sized(pictures-1, 120, 80, ",v_hot")
	var tally outage.Tally
	outage.Offer(t.Context(), rate, load, func() func() {
		return func() { tally.Add(outage.Unseen, wish, m.Client.Ask(t.Context(), wish.Path)) }
	})
	wantHonest(t, &tally)
	if came := tally.Count(outage.Unseen, http.StatusOK); came < rate {
		t.Errorf("only %d came", came)
		tally.Print(os.Stderr)
	}
	if n := s.Total(t, "thumbery_fetch_seconds_count") - fetches; n != 1 {
		t.Errorf("%v fetches", n)
	}
	if n := s.Total(t, "thumbery_resize_seconds_count") - resizes; n != 1 {
		t.Errorf("%v resizes", n)
	}
}
