package prime_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/variant"
)

// slowly makes each piece of work of the engine take a second.
func (m *largeFixture) slowly() {
	m.engine.SetStop(func(ctx context.Context, _ string) error {
		select {
		case <-time.After(time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// primed primes n pictures, four at once, and returns in which second each was done.
func (m *largeFixture) primed(t *testing.T, n int) (seconds []int) {
	began := time.Now()
	keys := func(yield func(variant.Key, error) bool) {
		for i := range n {
			key := fmt.Sprintf("%d.jpg", i)
			m.origin.Put(key, picture(80, 60))
			if !yield(variant.Key(key), nil) {
				return
			}
		}
	}
	err := m.PrimeAll(t.Context(), keys, variants(t, "40x"), 4, func(key variant.Key, r prime.Result) {
		seconds = append(seconds, int(time.Since(began)/time.Second))
		if r.Made != 1 || r.Err != nil {
			t.Errorf("%s: %+v", key, r)
		}
	})
	if err != nil {
		t.Error(err)
	}
	return seconds
}

// While there are requests, priming uses the engine for one second of ten; when they
// have ended, and one more rest is over, all the time.
func TestPrimingRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		m.slowly()
		var live sync.WaitGroup
		live.Go(func() {
			for width := range 25 { // one every second
				r, err := m.ask(t.Context(), t, "cat.jpg", fmt.Sprintf("%dx", width+1))
				if err != nil {
					t.Error(err)
					return
				}
				r.Blob.Close()
			}
		})
		if got, want := m.primed(t, 6), []int{1, 11, 21, 31, 41, 42}; !slices.Equal(got, want) {
			t.Errorf("done after %v s, want %v", got, want)
		}
		live.Wait()
	})
}

// A panic fails one picture, and not the others.
func TestPrimingPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		m.engine.SetStop(func(context.Context, string) error { panic("engine") })
		keys := func(yield func(variant.Key, error) bool) { _ = yield("big.jpg", nil) && yield("cat.jpg", nil) }
		failed := 0
		if err := m.PrimeAll(t.Context(), keys, variants(t, "40x"), 2, func(_ variant.Key, r prime.Result) { failed += r.Failed }); err != nil || failed != 2 {
			t.Errorf("%d failed, %v", failed, err)
		}
		m.engine.SetStop(nil)
		if got := m.primed(t, 2); len(got) != 2 {
			t.Errorf("%d primed afterwards", len(got))
		}
	})
}

// panickyStore panics when it is asked whether it has something.
type panickyStore struct{ cache.Store }

func (panickyStore) Touch(variant.Name) (cache.Stat, error) { panic("store") }

// So does a panic of the cache, and the Queue goes on.
func TestPrimingStorePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture(func(c *pipeline.Config) { c.Derivatives.Cache = panickyStore{c.Derivatives.Cache} })
		keys := func(yield func(variant.Key, error) bool) { _ = yield("cat.jpg", nil) && yield("dog.jpg", nil) }
		failed := 0
		if err := h.PrimeAll(t.Context(), keys, variants(t, "40x"), 2, func(_ variant.Key, r prime.Result) { failed += r.Failed }); err != nil || failed != 2 {
			t.Errorf("%d failed, %v", failed, err)
		}
		primer := h.NewQueue([]variant.Variant{parse(t, "40x")})
		primer.Add("cat.jpg")
		primer.Add("dog.jpg")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); primer.Run(ctx) }()
		synctest.Wait()
		if primer.Waiting() != 0 {
			t.Errorf("%d wait after a panic", primer.Waiting())
		}
		cancel()
		<-ended
	})
}

// Without requests priming does not rest, and leaves half of the workers to requests
// that may come; with a dedicated gate it uses all.
func TestPrimingAlone(t *testing.T) {
	for nobody, want := range map[bool][]int{false: {1, 2, 3, 4}, true: {1, 1, 2, 2}} {
		synctest.Test(t, func(t *testing.T) {
			m := newLargeFixture(t, func(c *pipeline.Config) {
				if nobody {
					c.Render.Gate, c.Originals.Fetches = gate.NewDedicated(2, 1<<22, 20), gate.NewDedicated(32, 0, 100)
				}
			})
			m.slowly()
			if got := m.primed(t, 4); !slices.Equal(got, want) {
				t.Errorf("nobody waits: %t: done after %v s, want %v", nobody, got, want)
			}
		})
	}
}
