package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

const (
	// liveClients send requests while a job runs.
	liveClients = 8
	// One of so many requests is a miss: another derivative of an original that is
	// in the cache.
	oneMissIn = 10
	// copies of each photograph are primed: of 100 photographs, 1,000 pictures.
	copies = 10
)

// presets are what the job makes of each.
var presets = []string{"320x", "640x", "320x,f_webp", "640x,f_webp"}

// live sends requests while a job runs.
type live struct {
	*server
	photos []photo
	missed atomic.Int64
}

// moment holds the answers of a period in which a job ran, or none did.
type moment struct {
	name              string
	all, hits, misses outage.Took
	took              time.Duration
	primed            int
}

func (s *setup) measureLive(ctx context.Context) error {
	keys, err := s.copied()
	if err != nil {
		return err
	}
	server, err := s.serve("")
	if err != nil {
		return err
	}
	defer server.end()
	l := &live{server: server, photos: s.photos}
	if err := l.warm(ctx); err != nil {
		return err
	}
	fmt.Printf("# While a job primes %d pictures in %d sizes, %d turns of %v each; one request of %d is a miss\n", len(keys), len(presets), s.rounds, s.turn, oneMissIn)
	alone, err := s.compareMoments(ctx, l, keys, fmt.Sprintf("c=%d", liveClients), l.closed)
	if err != nil {
		return err
	}
	most := float64(alone.all.Count(http.StatusOK)) / alone.took.Seconds()
	for _, part := range []float64{.5, .2} {
		name := fmt.Sprintf("%.1f of that load, %.0f requests a second", part, part*most)
		if _, err := s.compareMoments(ctx, l, keys, name, l.offered(part*most)); err != nil {
			return err
		}
	}
	return nil
}

// copied puts every photograph into the bucket under several keys.
func (s *setup) copied() (keys []string, err error) {
	for i := range copies {
		prefix := fmt.Sprintf("copy%d/", i)
		if err := s.upload(s.photos, prefix); err != nil {
			return nil, err
		}
		for _, key := range keysOf(s.photos) {
			keys = append(keys, prefix+key)
		}
	}
	return keys, nil
}

// warm has all hits cached, and with them the mezzanines.
func (l *live) warm(ctx context.Context) error {
	if _, err := l.prime(ctx, keysOf(l.photos), []string{hitOptions}); err != nil {
		return err
	}
	_, err := l.idle(ctx)
	return err
}

const hitOptions = "400x300"

// compareMoments asks without a job and with one in turns, and returns what came
// without.
func (s *setup) compareMoments(ctx context.Context, l *live, keys []string, name string, load func(context.Context, time.Duration, *moment)) (*moment, error) {
	alone, beside := &moment{name: "no job"}, &moment{name: "a job"}
	for range s.rounds {
		load(ctx, s.turn, alone)
		stop := l.begin(ctx, keys, presets)
		load(ctx, s.turn, beside)
		j, err := stop()
		if err != nil {
			return nil, err
		}
		if j.State != "running" {
			fmt.Printf("the job was %s before its turn had ended: too few pictures\n", j.State)
		}
		beside.primed += j.Made
		if _, err := l.idle(ctx); err != nil {
			return nil, err
		}
	}
	fmt.Printf("%s\n%-8s %9s %8s %9s %9s %11s %11s %11s %7s\n", name, "", "requests", "p50 ms", "p99 ms", "p99.9", "hits' p99", "misses' p50", "misses' p99", "primed")
	alone.print()
	beside.print()
	fmt.Printf("ratio of p99: all %.2f, hits %.2f, misses %.2f\n\n", ratio(&beside.all, &alone.all), ratio(&beside.hits, &alone.hits), ratio(&beside.misses, &alone.misses))
	return alone, nil
}

func ratio(a, b *outage.Took) float64 { return millis(a, 99) / millis(b, 99) }

func (m *moment) print() {
	failed := ""
	if n := m.all.Failed(); n > 0 {
		failed = fmt.Sprintf(" (%d failed)", n)
	}
	fmt.Printf("%-8s %9d %8.2f %9.1f %9.1f %11.1f %11.1f %11.1f %7d%s\n", m.name, m.all.Count(http.StatusOK), millis(&m.all, 50),
		millis(&m.all, 99), millis(&m.all, 99.9), millis(&m.hits, 99), millis(&m.misses, 50), millis(&m.misses, 99), m.primed, failed)
}

// one asks for a hit or a miss.
func (l *live) one(ctx context.Context, random *rand.Rand, m *moment) {
	path, took := "/"+hitOptions, &m.hits
	if random.IntN(oneMissIn) == 0 {
		// No background shows in a photograph: it only makes another name.
		path, took = fmt.Sprintf("/300x200,bg_%06x", l.missed.Add(1)), &m.misses
	}
	a := l.get(ctx, path+"/"+keyOf(l.photos[random.IntN(len(l.photos))]))
	took.Add(a)
	m.all.Add(a)
}

// closed has so many clients ask as often as they are answered.
func (l *live) closed(ctx context.Context, d time.Duration, m *moment) {
	within, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	began := time.Now()
	var all sync.WaitGroup
	for range liveClients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(rand.Uint64(), 8))
			for within.Err() == nil {
				l.one(ctx, random, m)
			}
		})
	}
	all.Wait()
	m.took += time.Since(began)
}

// offered has so many requests come a second, whether or not others were answered.
func (l *live) offered(rate float64) func(context.Context, time.Duration, *moment) {
	return func(ctx context.Context, d time.Duration, m *moment) {
		outage.Offer(ctx, rate, d, func() func() {
			random := rand.New(rand.NewPCG(rand.Uint64(), 8))
			return func() { l.one(ctx, random, m) }
		})
		m.took += d
	}
}
