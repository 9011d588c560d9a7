package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

// pets are that many pictures.
func pets(n int) *storagetest.Fake {
	all := map[string][]byte{}
	for i := range n {
		all[fmt.Sprintf("%d.jpg", i)] = picture(80, 60)
	}
	return storagetest.NewFake(all)
}

func pet(i int) variant.Key { return variant.Key(fmt.Sprintf("%d.jpg", i)) }

// Fetches have a limit and a queue of their own. Fetches beyond the queue are refused
// at once; cached originals do not need it.
func TestFetchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin := pets(20)
		h := newFixture(func(c *pipeline.Config) { c.Originals.Origin, c.Originals.Fetches = origin, gate.New(3, 0, 5) })
		h.want(t, pet(0), "40x", pipeline.Made, 40, 30)
		release := origin.Hold()
		before := origin.TotalOpens()
		var all sync.WaitGroup
		results := make(chan error, 19)
		for i := 1; i < 20; i++ {
			all.Go(func() { _, err := h.ask(t.Context(), t, pet(i), "40x"); results <- err })
		}
		synctest.Wait()
		if got := origin.TotalOpens() - before; got != 3 {
			t.Errorf("%d fetches at once, want 3", got)
		}
		if len(results) != 11 {
			t.Errorf("%d were refused, want 11", len(results))
		}
		for len(results) > 0 {
			if err := <-results; !errors.Is(err, gate.ErrBusy) {
				t.Errorf("refused with %v", err)
			}
		}
		h.want(t, pet(0), "40x", pipeline.FromMemory, 40, 30)
		h.want(t, pet(0), "20x", pipeline.Made, 20, 15)
		release()
		all.Wait()
		for len(results) > 0 {
			if err := <-results; err != nil {
				t.Errorf("who waited got %v", err)
			}
		}
	})
}

// Each fetched original needs a worker next: while all workers are busy, no more
// originals are fetched than the queue has room for.
func TestFetchesCountAtTheDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin := pets(10)
		h := newFixture(func(c *pipeline.Config) { c.Originals.Origin, c.Render.Gate = origin, gate.New(1, 1<<20, 3) })
		h.want(t, pet(9), "40x", pipeline.Made, 40, 30)
		block := make(chan struct{})
		h.resizer.Block = block
		var all sync.WaitGroup
		all.Go(func() { h.ask(t.Context(), t, pet(0), "40x") })
		synctest.Wait() // it is being made
		release := origin.Hold()
		refused := make(chan error, 9)
		for i := 1; i < 9; i++ {
			all.Go(func() {
				if _, err := h.ask(t.Context(), t, pet(i), "40x"); err != nil {
					refused <- err
				}
			})
			synctest.Wait()
		}
		if len(refused) != 5 || origin.TotalOpens() != 5 {
			t.Errorf("%d were refused, and %d fetched; want 5, and 2 and 3", len(refused), origin.TotalOpens())
		}
		all.Go(func() { // whose original is here needs no fetch
			if _, err := h.ask(t.Context(), t, pet(9), "20x"); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(block)
		release()
		all.Wait()
		for len(refused) > 0 {
			if err := <-refused; !errors.Is(err, gate.ErrBusy) {
				t.Error(err)
			}
		}
	})
}

// With the queue of those who are to be made full, nothing is fetched in vain.
func TestRefusedAtTheDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin := pets(10)
		h := newFixture(func(c *pipeline.Config) { c.Originals.Origin, c.Render.Gate = origin, gate.New(1, 1<<20, 2) })
		block := make(chan struct{})
		h.resizer.Block = block
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() { h.ask(ctx, t, pet(i), "40x") })
			synctest.Wait()
		}
		if _, err := h.ask(t.Context(), t, pet(5), "40x"); !errors.Is(err, gate.ErrBusy) || origin.Opens("5.jpg") != 0 {
			t.Errorf("%v, and %d fetches", err, origin.Opens("5.jpg"))
		}
		// A client that leaves frees its place in the queue.
		leave()
		all.Wait()
		close(block)
		synctest.Wait()
		h.want(t, pet(5), "40x", pipeline.Made, 40, 30)
		if running, waiting := h.Render.Gate.Load(); running+waiting != 0 {
			t.Errorf("%d run and %d wait", running, waiting)
		}
		if running, waiting := h.Originals.Fetches.Load(); running+waiting != 0 {
			t.Errorf("%d fetch and %d wait", running, waiting)
		}
	})
}
