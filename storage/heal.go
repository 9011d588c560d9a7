package storage

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
)

const (
	// healEvery is how often places that are down are asked by Heal.
	healEvery = time.Second
	// maxHealing questions to a place are under way. The next is asked after
	// probePatience: what hung when it went down must not hide that it is back.
	maxHealing = 5
	// healPatience is for questions that nothing else ends. The limits of a place
	// itself are to be less: what answers later than this stays shut out.
	healPatience = time.Minute
)

// Heal asks those of guards that are down whether they work again, about once a
// second, until ctx is done. Meanwhile nobody else finds that out, so that no
// request waits for a place that is down. Without Heal a place is asked by the next
// who wants an object of it, who may wait in vain, and where all is in a cache it
// stays down for as long.
func Heal(ctx context.Context, guards ...*Guarded) {
	var healing sync.WaitGroup
	defer healing.Wait()
	for _, g := range guards {
		healing.Go(func() { panics.Loop(ctx, "heal", g.heal) })
	}
}

func (g *Guarded) heal(ctx context.Context) {
	g.breaker.healers.Add(1)
	defer g.breaker.healers.Add(-1)
	var asking sync.WaitGroup
	defer asking.Wait()
	ticker := time.NewTicker(healEvery)
	defer ticker.Stop()
	var running atomic.Int32
	var latest time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		n := running.Load()
		if !g.Down() || n == maxHealing || n > 0 && time.Since(latest) < probePatience {
			continue
		}
		latest = time.Now()
		running.Add(1)
		asking.Go(func() {
			defer running.Add(-1)
			_ = panics.Try("heal", func() error { g.askWhether(ctx); return nil }) // and asks again
		})
	}
}

// askWhether closes the breaker, on trial, if the place answers. That it does not
// is known; only what it says instead may be new.
func (g *Guarded) askWhether(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, healPatience)
	defer cancel()
	begun := time.Now()
	err := g.check(ctx)
	if !g.Down() {
		return
	}
	switch judge(ctx, time.Since(begun), err) {
	case worked:
		g.breaker.closeOnTrial()
	case failed:
		g.breaker.blame(begun, err)
	}
}
