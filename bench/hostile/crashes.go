package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/misdeeds"
	"github.com/thumbery/thumbery/internal/testkit/outage"
)

const (
	crashClients = 16
	// Of a thousand visits, so many are for pictures that misbehave, and for misses. All
	// others are hits.
	hostileVisits, missVisits = 10, 200
	// turns is how often requests with and without pictures that misbehave take turns.
	turns = 8
	// mostSlower is the largest ratio of the p99 of hits.
	mostSlower = 1.2
)

// crashFlags are those of a server that ends sooner what takes memory without end.
func crashFlags() []string { return []string{"--memory", memory(512)} }

// crashes is what was asked for so far.
type crashes struct {
	*setup
	hits            []string           // paths
	misdeeds        []misdeeds.Misdeed // in turns
	with, without   kinds
	visits          atomic.Int64
	mu              sync.Mutex
	wrong           []string
	sent            map[string]int // deaths, by cause
	asked, answered int            // pictures that misbehave, and the answers
}

// kinds are the times of honest requests.
type kinds struct{ hits, misses outage.Took }

// askCrashes asks for real photographs, in turns with and without pictures that misbehave.
func (s *setup) askCrashes(ctx context.Context) error {
	c := &crashes{setup: s, misdeeds: []misdeeds.Misdeed{misdeeds.Loop}, sent: map[string]int{}}
	for range 3 { // what loops takes a process for as long as a hundred other pictures
		c.misdeeds = append(c.misdeeds, misdeeds.Quick...)
	}
	if err := c.fill(ctx); err != nil {
		return err
	}
	var warm kinds
	c.turn(ctx, 5*time.Second, &warm, 0)
	before, err := s.use(ctx)
	if err != nil {
		return err
	}
	meter := program.Watch(s.server.PID())
	for range turns {
		c.turn(ctx, s.crashes/turns, &c.without, 0)
		c.turn(ctx, s.crashes/turns, &c.with, hostileVisits)
	}
	peak := meter.PeakMiB()
	after, err := s.use(ctx)
	if err != nil {
		return err
	}
	c.print()
	fmt.Printf("at most %.0f MiB\nbefore: %v\nafter:  %v\n", peak, before, after)
	return verdict(append(append(c.wrong, c.faults(after)...), after.grown(before)...))
}

// fill puts real photographs and pictures that misbehave among the originals, and has the
// hits cached.
func (c *crashes) fill(ctx context.Context) error {
	photos, err := program.Photographs()
	if err != nil {
		return err
	}
	c.photos = nil
	for i, photo := range photos {
		data, err := os.ReadFile(photo)
		if err != nil {
			return err
		}
		key := fmt.Sprintf("real-%d.jpg", i)
		if err := os.WriteFile(filepath.Join(c.dir, key), data, 0o644); err != nil {
			return err
		}
		c.photos, c.hits = append(c.photos, key), append(c.hits, "/300x200/"+key)
		if a := c.mix.Client.Get(ctx, c.hits[i]); a.Status != http.StatusOK {
			return fmt.Errorf("%s: %d %.300s %w", key, a.Status, a.Body, a.Err)
		}
	}
	small, err := os.ReadFile("testdata/odd/gray.jpg")
	if err != nil {
		return err
	}
	for _, m := range append(misdeeds.Quick, misdeeds.Loop) {
		if err := os.WriteFile(filepath.Join(c.dir, m.Name+".jpg"), misdeeds.Picture(small, m.Name), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// turn has all clients make visits for d, and waits for the last answers. Of a thousand,
// so many are for pictures that misbehave.
func (c *crashes) turn(ctx context.Context, d time.Duration, k *kinds, hostile int) {
	began := time.Now()
	var all sync.WaitGroup
	for range crashClients {
		all.Go(func() {
			for time.Since(began) < d && ctx.Err() == nil {
				c.visit(ctx, k, hostile)
			}
		})
	}
	all.Wait()
}

func (c *crashes) visit(ctx context.Context, k *kinds, hostile int) {
	n := c.visits.Add(1)
	random := rand.New(rand.NewPCG(c.seed, uint64(n)))
	switch of := random.IntN(1000); {
	case of < hostile:
		c.misbehave(ctx)
	case of < hostileVisits+missVisits:
		k.misses.Add(c.ask(ctx, "300x200", c.photos[int(n)%len(c.photos)]))
	default:
		k.hits.Add(c.mix.Client.Get(ctx, c.hits[int(n)%len(c.hits)]))
	}
}

// misbehave asks for a picture that does the next misdeed, under a new name, as often as
// its answers are known.
func (c *crashes) misbehave(ctx context.Context) {
	c.mu.Lock()
	m := c.misdeeds[c.asked%len(c.misdeeds)]
	c.asked++
	c.sent[m.Cause] += m.Deaths
	c.mu.Unlock()
	key, err := c.link(m.Name + ".jpg")
	for i := 0; i < len(m.Answers) && err == nil; i++ {
		a := c.mix.Client.Get(ctx, fmt.Sprintf("/%dx/%s", 40+i, key))
		if err = a.Err; err == nil {
			err = misdeeds.Check(m.Answers[i], a.Status, a.Body)
		}
		c.mu.Lock()
		c.answered++
		c.mu.Unlock()
	}
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.wrong = append(c.wrong, fmt.Sprintf("%s: %v", key, err))
	}
}

func (c *crashes) print() {
	fmt.Printf("%d pictures that misbehave, %d answers\n", c.asked, c.answered)
	fmt.Printf("%-9s %8s %6s %9s %9s %9s %6s %9s %9s\n", "", "hits", "lost", "p50", "p99", "misses", "lost", "p50", "p99")
	row := func(name string, k *kinds) {
		at := func(t *outage.Took, percent float64) time.Duration {
			return t.At(http.StatusOK, percent).Round(10 * time.Microsecond)
		}
		fmt.Printf("%-9s %8d %6d %9v %9v %9d %6d %9v %9v\n", name,
			k.hits.Count(http.StatusOK), k.hits.Failed(), at(&k.hits, 50), at(&k.hits, 99),
			k.misses.Count(http.StatusOK), k.misses.Failed(), at(&k.misses, 50), at(&k.misses, 99))
	}
	row("without", &c.without)
	row("with", &c.with)
	fmt.Printf("p99 of hits: %.2f times, of misses: %.2f times\n", c.slower(hitsOf), c.slower(missesOf))
}

func hitsOf(k *kinds) *outage.Took   { return &k.hits }
func missesOf(k *kinds) *outage.Took { return &k.misses }

// slower is the ratio of the p99 with pictures that misbehave to that without.
func (c *crashes) slower(of func(*kinds) *outage.Took) float64 {
	return float64(of(&c.with).At(http.StatusOK, 99)) / float64(of(&c.without).At(http.StatusOK, 99))
}

// faults are what is not as it must be, but for the answers to pictures that misbehave.
func (c *crashes) faults(after use) (all []string) {
	for name, took := range map[string]*outage.Took{
		"hits with": &c.with.hits, "hits without": &c.without.hits, "misses with": &c.with.misses, "misses without": &c.without.misses,
	} {
		if n := took.Failed(); n > 0 {
			all = append(all, fmt.Sprintf("%d %s are lost, statuses %v", n, name, took.Statuses()))
		}
	}
	for _, cause := range causes {
		if after.deaths[cause] != float64(c.sent[cause]) {
			all = append(all, fmt.Sprintf("%.0f deaths by %s, want %d", after.deaths[cause], cause, c.sent[cause]))
		}
	}
	if slower := c.slower(hitsOf); slower > mostSlower {
		all = append(all, fmt.Sprintf("the p99 of hits is %.2f times that without", slower))
	}
	return all
}
