package pipeline_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/storage"
)

// clock is one that a test turns.
type clock struct{ nanoseconds atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1_800_000_000, c.nanoseconds.Load()) }
func (c *clock) advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }

// wantRefused asks for a version in every way in which one is asked for.
func (h *fixture) wantRefused(t *testing.T, version string) {
	t.Helper()
	before := h.origin.TotalOpens()
	for _, ops := range []string{"40x30,", "50x,f_png,", "info,", "info_gps,"} {
		if _, err := h.ask(t.Context(), t, "cat.jpg", ops+version); !errors.Is(err, originals.ErrTooManyVersions) {
			t.Errorf("%s%s: %v", ops, version, err)
		}
	}
	if _, err := h.Original(t.Context(), "cat.jpg", parse(t, "raw,"+version), storage.LinkOptions{}); !errors.Is(err, originals.ErrTooManyVersions) {
		t.Errorf("raw,%s: %v", version, err)
	}
	if n := h.origin.TotalOpens() - before; n > 0 {
		t.Errorf("%s was fetched %d times", version, n)
	}
}

func TestVersionsAreBounded(t *testing.T) {
	t.Parallel()
	const most = 4
	var clock clock
	h := newFixture(func(c *pipeline.Config) {
		c.Originals.MaxVersions, c.Derivatives.MemoryBytes, c.Now = most, 0, clock.now
	})
	for i := range most {
		h.want(t, "cat.jpg", fmt.Sprintf("40x30,v_%d", i), pipeline.Made, 40, 30)
		clock.advance(time.Minute)
	}
	h.wantRefused(t, "v_more")
	// Cached versions are served, in new sizes, too, and fetched again if they have gone.
	for i := range most {
		version := fmt.Sprintf("v_%d", i)
		h.want(t, "cat.jpg", "40x30,"+version, pipeline.FromDisk, 40, 30)
		h.want(t, "cat.jpg", "20x15,"+version, pipeline.Made, 20, 15)
		if err := h.originals.Remove(parse(t, version).Original("cat.jpg")); err != nil {
			t.Fatal(err)
		}
		h.want(t, "cat.jpg", "16x12,"+version, pipeline.Made, 16, 12)
	}
	h.wantRefused(t, "v_more")
	// So are what has no version, and other pictures.
	h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
	h.want(t, "dog.jpg", "30x40,v_more", pipeline.Made, 30, 40)
	// An hour after the first, one more; the others count on.
	clock.advance(time.Hour - most*time.Minute)
	h.want(t, "cat.jpg", "40x30,v_more", pipeline.Made, 40, 30)
	h.wantRefused(t, "v_another")
	h.want(t, "cat.jpg", "40x30,v_0", pipeline.FromDisk, 40, 30)
}

func TestManyVersionsAtOnce(t *testing.T) {
	t.Parallel()
	for most, want := range map[int]int{5: 5, 0: 100} {
		h := newFixture(func(c *pipeline.Config) { c.Originals.MaxVersions = most })
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				r, err := h.Original(t.Context(), "cat.jpg", parse(t, fmt.Sprintf("raw,v_%d", i)), storage.LinkOptions{})
				if err == nil {
					r.Blob.Close()
				} else if !errors.Is(err, originals.ErrTooManyVersions) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := h.origin.Opens("cat.jpg"); got != want {
			t.Errorf("at most %d: %d were fetched, want %d", most, got, want)
		}
	}
}
