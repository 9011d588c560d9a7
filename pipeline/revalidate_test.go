package pipeline_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// answers counts what the origin was asked and said.
type answers struct {
	pipeline.NopObserver
	mu  sync.Mutex
	all []originals.Freshness
}

func (v *answers) Revalidated(freshness originals.Freshness) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, freshness)
}

// take returns what was said since the last time.
func (v *answers) take() []originals.Freshness {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := v.all
	v.all = nil
	return all
}

func (v *answers) want(t *testing.T, when string, want ...originals.Freshness) {
	t.Helper()
	got := v.take()
	if len(got) != len(want) {
		t.Errorf("%s: the origin was asked with %v, want %v", when, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: the origin was asked with %v, want %v", when, got, want)
		}
	}
}

func newRevalidating() (*fixture, *answers) {
	v := &answers{}
	return newFixture(func(c *pipeline.Config) {
		c.Observer, c.Originals.Revalidate, c.Originals.RevalidateSync, c.Originals.NegativeTTL = v, 24*time.Hour, 7*24*time.Hour, time.Minute
	}), v
}

// pass lets time go by, and what is done in the background be done.
func pass(d time.Duration) {
	time.Sleep(d) // the bubble's time
	synctest.Wait()
}

func replaceCat(h *fixture, width, height int) {
	h.origin.Put("cat.jpg", picture(width, height))
	h.origin.SetModTime("cat.jpg", time.Now().UTC().Truncate(time.Second))
}

// While it is young it is not asked for; then in the background, the old one being
// served; and what was made of the old one is gone after that.
func TestRevalidateInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		pass(23 * time.Hour)
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		pass(0)
		said.want(t, "young")

		pass(2 * time.Hour)
		for range 5 {
			h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		}
		pass(0)
		said.want(t, "old, the same", originals.NotModified)
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		pass(0)
		said.want(t, "young again")

		replaceCat(h, 80, 20)
		pass(25 * time.Hour)
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30) // the old one, at once
		pass(0)
		said.want(t, "old, changed", originals.Modified)
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 10)
		if got := h.origin.TotalOpens(); got != 3 {
			t.Errorf("the origin was asked %d times, want 3: first, same, changed", got)
		}
		if h.origin.Unclosed() != 0 {
			t.Error("bodies are open")
		}
	})
}

// After a longer time, a request waits for the new version.
func TestRevalidateFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 20)
		pass(8 * 24 * time.Hour)
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 10)
		said.want(t, "changed", originals.Modified)

		pass(8 * 24 * time.Hour)
		if r := h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 10); r.Stale {
			t.Error("is called stale, though the origin said that it is the same")
		}
		said.want(t, "same", originals.NotModified)

		// An original that is used for another size is asked for, too.
		replaceCat(h, 80, 40)
		pass(8 * 24 * time.Hour)
		h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 10)
		said.want(t, "another size", originals.Modified)

		h.origin.Remove("cat.jpg")
		pass(8 * 24 * time.Hour)
		asked := h.origin.TotalOpens()
		if _, err := h.ask(t.Context(), t, "cat.jpg", "20x"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("removed: %v", err)
		}
		said.want(t, "removed", originals.Gone)
		if h.originals.Len()+h.derivatives.Len() != 0 {
			t.Errorf("%d originals and %d derivatives are left", h.originals.Len(), h.derivatives.Len())
		}
		if n := h.origin.TotalOpens() - asked; n != 1 {
			t.Errorf("that it is gone is not remembered: %d fetches", n)
		}
	})
}

// With the origin down, or too slow, the old one is served, and the origin is left
// in peace for a while.
func TestStaleIfError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 20)
		pass(8 * 24 * time.Hour)
		h.origin.FailAll(errors.New("connection refused"))
		for _, ops := range []string{"40x", "40x", "40x", "20x"} { // the last one is new
			r, err := h.ask(t.Context(), t, "cat.jpg", ops)
			if err != nil || !r.Stale {
				t.Fatalf("%s: %+v, %v", ops, r, err)
			}
			r.Blob.Close()
		}
		said.want(t, "down", originals.Error)
		pass(31 * time.Second)
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		pass(0)
		said.want(t, "still down", originals.Error)

		// Nobody waits for an origin that has failed; it is asked in the background.
		h.origin.FailAll(nil)
		pass(31 * time.Second)
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		pass(0)
		said.want(t, "up again", originals.Modified)
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 10)
	})
}

// One that is slow is not waited for very long.
func TestStaleIfSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 20)
		pass(8 * 24 * time.Hour)
		release := h.origin.Hold()
		began := time.Now()
		if r := h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30); !r.Stale {
			t.Error("not called stale")
		}
		if waited := time.Since(began); waited != 3*time.Second {
			t.Errorf("waited %v for a slow origin", waited)
		}
		release()
		pass(0)
		said.want(t, "slow, and then changed", originals.Modified)
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 10)
	})
}

// A derivative that is being made of the old version while the new one arrives is not
// cached.
func TestChangedWhileMaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		block := make(chan struct{})
		h.resizer.Block = block
		var all sync.WaitGroup
		all.Go(func() { h.ask(t.Context(), t, "cat.jpg", "20x") })
		synctest.Wait() // it has the old original in its hands
		replaceCat(h, 80, 20)
		pass(25 * time.Hour)
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		pass(0)
		said.want(t, "in the background", originals.Modified)
		close(block)
		all.Wait()
		h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 5)
	})
}

// A hit that is sent by nginx is as old as any other.
func TestLocateRevalidates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 20)
		pass(8 * 24 * time.Hour)
		v := parse(t, "40x")
		if _, ok := h.Locate(t.Context(), "cat.jpg", v, h.Name("cat.jpg", v, 0)); ok {
			t.Error("the old one was located")
		}
		said.want(t, "located", originals.Modified)
	})
}

func TestNothingIsAskedReadOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		h.Originals.SetReadOnly(true)
		pass(8 * 24 * time.Hour)
		if r := h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30); !r.Stale {
			t.Error("not called stale")
		}
		h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15)
		if _, err := h.ask(t.Context(), t, "dog.jpg", "40x"); !errors.Is(err, originals.ErrReadOnly) {
			t.Errorf("never seen: %v", err)
		}
		if _, err := h.Original(t.Context(), "dog.jpg", variant.Variant{Kind: variant.Raw}, storage.LinkOptions{}); !errors.Is(err, originals.ErrReadOnly) {
			t.Errorf("never seen, raw: %v", err)
		}
		said.want(t, "read only")
		if got := h.origin.TotalOpens(); got != 1 {
			t.Errorf("the origin was asked %d times", got)
		}
		h.Originals.SetReadOnly(false)
		h.want(t, "dog.jpg", "30x", pipeline.Made, 30, 40)
	})
}

// That an original has changed or is gone is recorded, for other nodes, before what was
// made from it is removed here. What Forget is told is not: its caller has recorded it.
func TestRevalidationIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var recorded []variant.Key
		h := newFixture(func(c *pipeline.Config) {
			c.Originals.Revalidate = 24 * time.Hour
			c.Record = func(key variant.Key, forget func() error) error {
				recorded = append(recorded, key)
				return forget()
			}
		})
		step := func(what string, want int) {
			t.Helper()
			if r, err := h.ask(t.Context(), t, "cat.jpg", "40x"); err == nil {
				r.Blob.Close()
			}
			pass(0)
			if len(recorded) != want {
				t.Errorf("%s: recorded %q", what, recorded)
			}
			pass(25 * time.Hour)
		}
		step("fetched", 0)
		step("the same", 0)
		replaceCat(h, 400, 100)
		step("changed", 1)
		h.origin.Remove("cat.jpg")
		step("gone", 2)
		if _, err := h.Forget("cat.jpg"); err != nil {
			t.Error(err)
		}
		step("forgotten", 2)
	})
}
