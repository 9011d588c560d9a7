package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/bench/program"
	"github.com/thumbery/thumbery/internal/outage"
)

// hitRate is how many hits are asked for every second beside the misses.
const hitRate = 100

// measureOverload asks for ten times as many misses as can be served.
func (b *bench) measureOverload(ctx context.Context, s *setup) error {
	fmt.Printf("\n# Ten times the load that can be served, for %v\n", b.overload)
	misses := &misses{setup: s, random: rand.New(rand.NewPCG(11, 11))}
	best := outage.Best(ctx, clients, b.overload/6, func(ctx context.Context) outage.Answer { return s.mix.Client.Ask(ctx, misses.next()) })
	var alone, beside, asked outage.Took
	s.offerHits(ctx, b.overload/6, &alone)
	before, err := program.ResidentMiB(s.server.PID())
	if err != nil {
		return err
	}
	if err := program.ResetPeak(s.server.PID()); err != nil {
		return err
	}
	began := time.Now()
	var all sync.WaitGroup
	all.Go(func() { s.offerHits(ctx, b.overload, &beside) })
	all.Go(func() { b.writeProfile(ctx, s) })
	outage.Offer(ctx, 10*best, b.overload, func() func() {
		path := misses.next()
		return func() { asked.Add(s.mix.Client.Ask(ctx, path)) }
	})
	took := time.Since(began)
	all.Wait()
	peak, err := program.PeakMiB(s.server.PID())
	if err != nil {
		return err
	}
	made, refused := asked.Count(http.StatusOK), asked.Count(http.StatusServiceUnavailable)
	fmt.Printf("best %.1f misses/s; under load %.1f, %.2f of it\n", best, float64(made)/took.Seconds(), float64(made)/took.Seconds()/best)
	fmt.Printf("hits alone p50 %v, p99 %v; under load p50 %v, p99 %v, %v more; %d of %d failed\n",
		at(&alone, 200, 50), at(&alone, 200, 99), at(&beside, 200, 50), at(&beside, 200, 99),
		(beside.At(200, 99) - alone.At(200, 99)).Round(time.Millisecond), beside.Failed(), beside.Failed()+beside.Count(200))
	fmt.Printf("refused %d in p50 %v, p99 %v; neither made nor refused: %d\n",
		refused, at(&asked, 503, 50), at(&asked, 503, 99), asked.Failed()-refused)
	fmt.Printf("resident memory %.0f MiB before, %.0f MiB at most\n", before, peak)
	if beside.Failed() > 0 {
		return fmt.Errorf("%d hits failed", beside.Failed())
	}
	return nil
}

func (s *setup) offerHits(ctx context.Context, d time.Duration, took *outage.Took) {
	random := rand.New(rand.NewPCG(12, 12))
	outage.Offer(ctx, hitRate, d, func() func() {
		path := s.mix.Hit(random).Path
		return func() { took.Add(s.mix.Client.Ask(ctx, path)) }
	})
}

// misses are paths that nobody asked for before: four of five new sizes of
// photographs, and the rest fetched.
type misses struct {
	*setup
	mu     sync.Mutex
	random *rand.Rand
	asked  int
}

func (m *misses) next() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if m.asked%5 == 0 {
		return m.mix.Unseen(m.random).Path
	}
	// No background shows in a photograph: it only makes another name.
	return fmt.Sprintf("/300x200,bg_%06x/%s", m.asked, m.photos[m.random.IntN(len(m.photos))])
}

// writeProfile has the server write a CPU profile, if one is asked for.
func (b *bench) writeProfile(ctx context.Context, s *setup) {
	if b.profile == "" {
		return
	}
	a := s.admin.Ask(ctx, fmt.Sprintf("/debug/pprof/profile?seconds=%.0f", b.overload.Seconds()/2))
	if err := os.WriteFile(b.profile, a.Body, 0o644); err != nil || a.Status != http.StatusOK {
		fmt.Fprintln(os.Stderr, "outage: no profile:", a.Status, a.Err, err)
	}
}
