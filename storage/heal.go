package storage

import (
	"context"
	"sync"
	"time"
)

// healEvery is how often places that are down are asked by Heal.
const healEvery = time.Second

// Heal asks those of guards that are down whether they work again, about once a
// second, until ctx is done. Without it a place is asked by the next who wants an
// object of it, and where all is in a cache stays down for as long.
func Heal(ctx context.Context, guards ...*Guarded) {
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, g := range guards {
		asking.Go(func() { g.heal(ctx) })
	}
}

func (g *Guarded) heal(ctx context.Context) {
	ticker := time.NewTicker(healEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if g.Down() {
			g.ask(ctx)
		}
	}
}

// ask is a Check that is waited for as long as a probe is.
func (g *Guarded) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	// What it says is in the state.
	_ = g.Check(ctx)
}
