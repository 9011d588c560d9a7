package pipeline_test

import (
	"errors"
	"fmt"
	"image"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// nobody observes nothing.
type nobody struct{}

func (nobody) SharedRead(string, time.Duration, int64) {}
func (nobody) SharedSkipped(string)                    {}
func (nobody) SharedWritten(string, int64)             {}
func (nobody) SharedRemoved(error)                     {}

// sharing has a server use a bucket.
func sharing(b *cachetest.Bucket) func(*pipeline.Config) {
	return func(c *pipeline.Config) {
		c.Derivatives.SharedTier = shared.Config{Bucket: b, HedgeAfter: 100 * time.Millisecond, Observer: nobody{}, Log: slog.New(slog.DiscardHandler)}
	}
}

// make makes derivatives of a picture, and waits until they are in the bucket.
func (h *fixture) make(t *testing.T, key variant.Key, ops ...string) {
	t.Helper()
	for _, one := range ops {
		r, err := h.ask(t.Context(), t, key, one)
		if err != nil || r.Source != pipeline.Made {
			t.Fatalf("%s of %s: %v", one, key, err)
		}
		r.Blob.Close()
	}
	if err := h.Derivatives.Shared.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What one server has made is a hit on another with an empty disk, which keeps it on disk and
// in memory.
func TestShared(t *testing.T) {
	t.Parallel()
	bucket := cachetest.NewBucket()
	one, other := newFixture(sharing(bucket)), newFixture(sharing(bucket))
	one.make(t, "cat.jpg", "40x30", "info")
	r := other.want(t, "cat.jpg", "40x30", pipeline.FromShared, 40, 30)
	if made, err := one.ask(t.Context(), t, "cat.jpg", "40x30"); err != nil || !r.Stored || r.Sum != made.Sum || !r.Blob.ModTime.Equal(made.Blob.ModTime) || r.Steps[0].Name != "bucket" {
		t.Errorf("%+v, %v", r, err)
	}
	info, err := other.ask(t.Context(), t, "cat.jpg", "info")
	if err != nil || info.Source != pipeline.FromShared || info.MediaType != "application/json" {
		t.Errorf("info: %+v, %v", info, err)
	}
	other.want(t, "cat.jpg", "40x30", pipeline.FromMemory, 40, 30)
	if other.origin.TotalOpens() != 0 || other.resizer.Calls() != 0 || bucket.Calls("Put") != 2 || bucket.Calls("Get") != 4 || other.derivatives.Len() != 2 {
		t.Errorf("%d fetches, %d resizes, %d puts, %d gets, %d files", other.origin.TotalOpens(), other.resizer.Calls(), bucket.Calls("Put"), bucket.Calls("Get"), other.derivatives.Len())
	}

	recipe := newFixture(sharing(bucket), func(c *pipeline.Config) { c.Render.Resizer = &resizetest.Fake{Name: "of another version"} })
	recipe.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
}

// A bucket that hangs delays a miss by the hedge delay, and after a while by nothing.
func TestSharedHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := cachetest.NewBucket()
		bucket.Hang(true)
		h := newFixture(sharing(bucket))
		for i, want := range []time.Duration{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond, 0, 0} {
			if i == 5 {
				time.Sleep(2 * time.Second) // they have failed
			}
			began := time.Now()
			h.want(t, "cat.jpg", fmt.Sprintf("%dx", 20+4*i), pipeline.Made, 20+4*i, 15+3*i)
			if took := time.Since(began); took != want {
				t.Errorf("miss %d took %v, want %v", i, took, want)
			}
		}
		_ = h.Derivatives.Shared.Drain(t.Context())
	})
}

// What the bucket has is served while the queue is full, and while the origin is down.
func TestSharedInsteadOfErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := cachetest.NewBucket()
		newFixture(sharing(bucket)).make(t, "cat.jpg", "40x30", "20x")
		h := newFixture(sharing(bucket), func(c *pipeline.Config) { c.Render.Gate = gate.New(1, 0, 0) })
		leave, err := h.Render.Gate.Enter(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		h.want(t, "cat.jpg", "40x30", pipeline.FromShared, 40, 30)
		if _, err := h.ask(t.Context(), t, "cat.jpg", "10x"); !errors.Is(err, gate.ErrBusy) {
			t.Errorf("the queue is full: %v", err)
		}
		leave()
		h.origin.FailAll(storage.Unavailable(t.Context(), "fake", errors.New("connection refused")))
		h.want(t, "cat.jpg", "20x", pipeline.FromShared, 20, 15)
		if _, err := h.ask(t.Context(), t, "cat.jpg", "10x"); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("the origin is down: %v", err)
		}
	})
}

// A derivative of another original than the server has is not used, with and without
// revalidation, and replaced.
func TestSharedOfAnotherOriginal(t *testing.T) {
	t.Parallel()
	for _, revalidate := range []time.Duration{0, time.Hour} {
		bucket := cachetest.NewBucket()
		old := newFixture(sharing(bucket))
		old.make(t, "cat.jpg", "40x")
		h := newFixture(sharing(bucket), func(c *pipeline.Config) { c.Originals.Revalidate = revalidate })
		h.origin.Put("cat.jpg", picture(80, 80))
		h.origin.SetModTime("cat.jpg", time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
		h.make(t, "cat.jpg", "20x") // fetches the new one
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 40)
		if err := h.Derivatives.Shared.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		newFixture(sharing(bucket)).want(t, "cat.jpg", "40x", pipeline.FromShared, 40, 40)
	}
}

// Requests that come while a picture is being forgotten, at any point of that, keep nothing of
// what the bucket has of it; until a minute after its removal there, none is asked for.
func TestForgetDuringSharedRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := cachetest.NewBucket()
		var all []string
		for i := range 12 {
			all = append(all, fmt.Sprintf("%dx", 20+2*i))
		}
		newFixture(sharing(bucket)).make(t, "cat.jpg", all...)
		var h *fixture
		asked := 0
		ask := func() {
			r, err := h.ask(t.Context(), t, "cat.jpg", all[asked])
			if err != nil {
				t.Fatal(err)
			}
			asked++
			r.Blob.Close()
		}
		h = newFixture(sharing(bucket), func(c *pipeline.Config) {
			c.Mezzanines.Cache = cachetest.NewFake()
			for _, s := range []*cache.Store{&c.Originals.Cache, &c.Mezzanines.Cache, &c.Derivatives.Cache} {
				*s = &watched{*s, ask}
			}
		})
		h.origin.Put("cat.jpg", picture(80, 40))
		if _, err := h.Forget("cat.jpg"); err != nil || asked != 6 {
			t.Fatal(asked, err)
		}
		before := bucket.Calls("Get")
		for _, ops := range all[:8] {
			r, err := h.ask(t.Context(), t, "cat.jpg", ops)
			if err != nil {
				t.Fatal(err)
			}
			m, _, err := image.Decode(r.Blob.Content())
			if err != nil || m.Bounds().Dx() != 2*m.Bounds().Dy() || r.Source == pipeline.FromShared {
				t.Errorf("%s: %v, %v, %+v", ops, m.Bounds(), err, r)
			}
			r.Blob.Close()
		}
		h.want(t, "cat.jpg", all[0], pipeline.FromMemory, 20, 10)
		if n := bucket.Calls("Get") - before; n != 0 {
			t.Errorf("the bucket was asked %d times", n)
		}
		time.Sleep(time.Hour)
		h.ask(t.Context(), t, "cat.jpg", "10x")
		if n := bucket.Calls("Get") - before; n != 0 {
			t.Errorf("before it has removed the picture, the bucket was asked %d times", n)
		}
		if err := h.Derivatives.Shared.Remove(t.Context(), variant.Key("cat.jpg").Name()); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		h.ask(t.Context(), t, "cat.jpg", "11x")
		if n := bucket.Calls("Get") - before; n != 1 {
			t.Errorf("a minute later, the bucket was asked %d times", n)
		}
	})
}

// Priming copies what the bucket has, and writes there what it makes, whatever that cost.
func TestPrimeShared(t *testing.T) {
	t.Parallel()
	bucket := cachetest.NewBucket()
	costly := func(c *pipeline.Config) { c.Derivatives.SharedTier.MinCost = time.Hour }
	one, other := newFixture(sharing(bucket), costly), newFixture(sharing(bucket), costly)
	one.make(t, "cat.jpg", "10x")
	if n := len(bucket.Objects()); n != 0 {
		t.Fatalf("%d cheap ones are kept", n)
	}
	all := variants(t, "40x", "20x")
	if r := one.Prime(t.Context(), "cat.jpg", all); r.Made != 2 {
		t.Errorf("%+v", r)
	}
	if err := one.Derivatives.Shared.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := other.Prime(t.Context(), "cat.jpg", all); r.Exist != 2 || other.origin.TotalOpens() != 0 || other.derivatives.Len() != 2 {
		t.Errorf("on another server: %+v, %d fetches", r, other.origin.TotalOpens())
	}
}

// The AVIF that the bucket has is copied in the background, and a provisional picture that is in
// memory does not wait for the bucket.
func TestAdaptiveShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := cachetest.NewBucket()
		adaptive := func() (*fixture, *resizetest.Fake) {
			resizer := &resizetest.Fake{Formats: []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF}}
			return newFixture(sharing(bucket), func(c *pipeline.Config) {
				c.Adaptive, c.Render.Resizer, c.Render.Settings.CanWrite = true, resizer, resizer.CanWrite
				c.Render.Settings.Auto, c.Render.Settings.AVIFMaxPixels = []variant.Format{variant.AVIF, variant.WebP}, 1<<20
			}), resizer
		}
		one, _ := adaptive()
		v := parse(t, "40x,f_auto")
		accept := one.Render.Settings.NormalizeAccept(v, variant.AcceptAVIF|variant.AcceptWebP)
		want := func(h *fixture, provisional bool, took time.Duration) {
			t.Helper()
			began := time.Now()
			r, err := h.Picture(t.Context(), "cat.jpg", v, accept)
			if err != nil || r.Provisional != provisional || time.Since(began) != took {
				t.Errorf("%+v, %v, after %v", r, err, time.Since(began))
			}
		}
		if _, err := one.Prepare(t.Context(), one.NewRequest("cat.jpg", v, accept)); err != nil {
			t.Fatal(err)
		}
		if err := one.Derivatives.Shared.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		copies, resizer := adaptive()
		want(copies, true, 0)
		synctest.Wait()
		want(copies, false, 0)
		if n := resizer.Calls(); n != 1 {
			t.Errorf("%d were made", n)
		}

		bucket.Hang(true)
		waits, _ := adaptive()
		want(waits, true, 100*time.Millisecond)
		want(waits, true, 0)
		time.Sleep(time.Minute)
		_ = waits.Derivatives.Shared.Drain(t.Context())
	})
}
