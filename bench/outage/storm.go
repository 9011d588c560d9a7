package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// measureStorm breaks S3 in every way at random, under load.
func (b *bench) measureStorm(ctx context.Context, s *setup) error {
	const while = 2 * time.Second // for each fault
	fmt.Printf("# Every fault at random for %v: %d clients, %d pictures, half cached\n", b.storm, clients, pictures)
	within, cancel := context.WithTimeout(ctx, b.storm)
	defer cancel()
	var happened []string
	var broke error
	var storm sync.WaitGroup
	storm.Go(func() { happened, broke = outage.Storm(within, 1, while, outage.Faults(), s.place) })
	tally := s.mix.Run(within)
	storm.Wait()
	if broke != nil {
		return broke
	}
	tally.Print(os.Stdout)
	fmt.Printf("%d faults of %d kinds\n", len(happened), kinds(happened))
	if err := s.measureRecovery(ctx, while); err != nil {
		return err
	}
	if len(tally.Wrong())+len(tally.Failed()) > 0 {
		return fmt.Errorf("%d pictures were wrong, and %d hits failed", len(tally.Wrong()), len(tally.Failed()))
	}
	return nil
}

// measureRecovery breaks S3 in every way for a while, and prints after how long
// misses work again, at worst and by median.
func (s *setup) measureRecovery(ctx context.Context, while time.Duration) error {
	var took []time.Duration
	for _, fault := range outage.Faults() {
		if err := s.place.Break(fault); err != nil {
			return err
		}
		within, cancel := context.WithTimeout(ctx, while)
		s.mix.Run(within)
		cancel()
		if err := s.place.Restore(); err != nil {
			return err
		}
		after, err := s.mix.Recovery(ctx)
		if err != nil {
			return fmt.Errorf("after %s: %w", fault.Name, err)
		}
		took = append(took, after.Round(time.Millisecond))
	}
	slices.Sort(took)
	fmt.Printf("after each of %d faults misses work again after %v at worst, p50 %v\n\n", len(took), took[len(took)-1], took[len(took)/2])
	return nil
}

func kinds(names []string) int {
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	return len(seen)
}

// measureCut compares hits with S3 and without, in turn, so that what else the
// machine does is alike for both; alone, and beside misses.
func (b *bench) measureCut(ctx context.Context, s *setup) error {
	fmt.Printf("# Hits with S3 and without, %d rounds of %v each\n", b.rounds, b.round)
	for _, misses := range []float64{0, 20} {
		var up, cut outage.Took
		for range b.rounds {
			if err := s.place.Restore(); err != nil {
				return err
			}
			if _, err := s.mix.Recovery(ctx); err != nil {
				return err
			}
			s.hits(ctx, b.round, misses, &up)
			if err := s.place.Break(outage.Faults()[0]); err != nil {
				return err
			}
			s.hits(ctx, b.round, misses, &cut)
		}
		for _, m := range []struct {
			name string
			took *outage.Took
		}{{"with S3", &up}, {"without S3", &cut}} {
			fmt.Printf("%-10s, %2.0f misses/s: %7d hits, p50 %v, p99 %v, %d failed\n", m.name, misses, m.took.Count(http.StatusOK),
				at(m.took, http.StatusOK, 50), at(m.took, http.StatusOK, 99), m.took.Failed())
		}
		fmt.Printf("ratio of p99: %.2f\n\n", float64(cut.At(http.StatusOK, 99))/float64(up.At(http.StatusOK, 99)))
	}
	return s.place.Restore()
}

func at(t *outage.Took, status int, percent float64) time.Duration {
	return t.At(status, percent).Round(10 * time.Microsecond)
}

// hits asks for hits, four at once, beside so many misses a second.
func (s *setup) hits(ctx context.Context, d time.Duration, misses float64, took *outage.Took) {
	const atOnce = 4
	within, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var all sync.WaitGroup
	for worker := range uint64(atOnce) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(worker, 9))
			for within.Err() == nil {
				took.Add(s.mix.Client.Get(ctx, s.mix.Hit(random).Path))
			}
		})
	}
	if misses > 0 {
		random := rand.New(rand.NewPCG(10, 10))
		outage.Offer(ctx, misses, d, func() func() {
			request := s.mix.Unseen(random)
			return func() { s.mix.Client.Get(ctx, request.Path) }
		})
	}
	all.Wait()
}
