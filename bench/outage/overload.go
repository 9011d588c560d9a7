package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// hitRate is how many hits are asked for every second beside the misses.
const hitRate = 100

// measureOverload asks for ten times as many misses as can be served, once of
// what is only to be made, and once of what is to be fetched, too.
func (b *bench) measureOverload(ctx context.Context, s *setup) error {
	// No background shows in a photograph: it only makes another name.
	if err := b.overloadWith(ctx, s, &misses{setup: s, what: "new derivatives", path: "/300x200,bg_%06x/"}); err != nil {
		return err
	}
	return b.overloadWith(ctx, s, &misses{setup: s, what: "new originals", path: "/300x200,v_%06x/"})
}

func (b *bench) overloadWith(ctx context.Context, s *setup, misses *misses) error {
	fmt.Printf("# Ten times the load that can be served, for %v: %s\n", b.overload, misses.what)
	best := 0.0
	for range 2 { // the first time to warm up
		best = max(best, outage.Best(ctx, clients, max(b.overload/6, 5*time.Second), misses.ask))
	}
	var alone, beside, asked outage.Took
	s.mix.OfferHits(ctx, hitRate, b.overload/6, &alone)
	before, err := program.ResidentMiB(s.server.PID())
	if err != nil {
		return err
	}
	meter := program.Watch(s.server.PID())
	began := time.Now()
	var all sync.WaitGroup
	all.Go(func() { s.mix.OfferHits(ctx, hitRate, b.overload, &beside) })
	all.Go(func() { b.writeProfile(ctx, s) })
	outage.Offer(ctx, 10*best, b.overload, func() func() {
		path := misses.next()
		return func() { asked.Add(s.mix.Client.Get(ctx, path)) }
	})
	took := time.Since(began)
	all.Wait()
	peak := meter.PeakMiB()
	made, refused := asked.Count(http.StatusOK), asked.Count(http.StatusServiceUnavailable)
	fmt.Printf("best %.1f misses/s; under load %.1f, %.2f of it\n", best, float64(made)/took.Seconds(), float64(made)/took.Seconds()/best)
	fmt.Printf("hits alone p50 %v, p99 %v; under load p50 %v, p99 %v, %v more; %d of %d failed\n",
		at(&alone, 200, 50), at(&alone, 200, 99), at(&beside, 200, 50), at(&beside, 200, 99),
		(beside.At(200, 99) - alone.At(200, 99)).Round(time.Millisecond), beside.Failed(), beside.Failed()+beside.Count(200))
	fmt.Printf("refused %d in p50 %v, p99 %v; neither made nor refused: %d\n",
		refused, at(&asked, 503, 50), at(&asked, 503, 99), asked.Failed()-refused)
	fmt.Printf("resident memory %.0f MiB before, %.0f MiB at most\n\n", before, peak)
	if beside.Failed() > 0 {
		return fmt.Errorf("%d hits failed", beside.Failed())
	}
	return nil
}

// misses are paths of one photograph that nobody asked for before.
type misses struct {
	*setup
	what  string
	path  string // with a place for a number
	asked atomic.Int64
}

func (m *misses) next() string { return fmt.Sprintf(m.path, m.asked.Add(1)) + m.photo }

func (m *misses) ask(ctx context.Context) outage.Answer { return m.mix.Client.Get(ctx, m.next()) }

// writeProfile has the server write a CPU profile, if one is asked for.
func (b *bench) writeProfile(ctx context.Context, s *setup) {
	if b.profile == "" {
		return
	}
	a := s.admin.Get(ctx, fmt.Sprintf("/debug/pprof/profile?seconds=%.0f", b.overload.Seconds()/2))
	if err := os.WriteFile(b.profile, a.Body, 0o644); err != nil || a.Status != http.StatusOK {
		fmt.Fprintln(os.Stderr, "outage: no profile:", a.Status, a.Err, err)
	}
}
