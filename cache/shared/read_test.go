package shared_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/internal/failure"
)

var errDown = failure.With(failure.Unavailable, errors.New("connection refused"))

func TestInvalid(t *testing.T) {
	t.Parallel()
	testInvalid(t, cachetest.NewBucket())
}

// testInvalid: what is not exactly what was written is a miss, is counted, and says nothing
// against the bucket.
func testInvalid(t *testing.T, b shared.Bucket) {
	f := newTier(func(c *shared.Config) {
		c.Bucket = b
		c.Valid = func(o shared.Object) bool { return o.MediaType == "image/jpeg" }
	})
	const sum = "9f5b6a2f" // of nothing here
	good := object("a body")
	f.keep(t, name(2), "a body", shared.Cost{})
	_, elsewhere, err := b.Get(t.Context(), string(name(2)), 99)
	if err != nil {
		t.Fatal(err)
	}
	f.counts.want(t, map[string]int{"written ok": 1})
	sumHere := crc32.Checksum(append([]byte("a body"), name(1)...), crc32.MakeTable(crc32.Castagnoli))
	note := fmt.Sprintf("1 %d %08x image/jpeg", date.Unix(), sumHere)
	for what, o := range map[string]cachetest.BucketObject{
		"copied":                {Body: good.Data, Note: elsewhere},
		"foreign":               {Body: good.Data},
		"damaged":               {Body: []byte("a bodY"), Note: note},
		"cut off":               {Body: []byte("a bod"), Note: note},
		"empty":                 {Body: nil, Note: "1 - 00000000 image/jpeg"},
		"of another format":     {Body: good.Data, Note: "2" + note[1:]},
		"of another media type": {Body: good.Data, Note: strings.Replace(note, "jpeg", "html", 1)},
		"with another sum":      {Body: good.Data, Note: "1 0 " + sum + " image/jpeg"},
		"with a broken note":    {Body: good.Data, Note: note + " more"},
		"too large":             {Body: bytes.Repeat([]byte("x"), 16<<20+1), Note: note},
	} {
		if err := b.Put(t.Context(), string(name(1)), o.Body, "image/jpeg", o.Note); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Get(t.Context(), name(1)); !errors.Is(err, cache.ErrMiss) || got.Data != nil {
			t.Errorf("%s: %v, %v", what, got, err)
		}
		f.counts.want(t, map[string]int{"read invalid": 1})
	}
	if after, ok := f.HedgeTime(name(1)); after != f.HedgeAfter || !ok {
		t.Error("the circuit breaker is not closed")
	}
	f.keep(t, name(1), "a body", shared.Cost{})
	if got, err := f.Get(t.Context(), name(1)); err != nil || string(got.Data) != "a body" || got.Sum != good.Sum || !got.ModTime.Equal(date) || got.MediaType != "image/jpeg" {
		t.Errorf("replaced by a good one: %v, %v", got, err)
	}
	f.counts.want(t, map[string]int{"written ok": 1, "read hit": 1})
}

// A bucket that fails is not asked after five times, and then once every two seconds, by a
// request that does not wait for it.
func TestCircuitBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTier()
		f.bucket.Fail(errDown)
		for range 5 {
			if _, ok := f.HedgeTime(name(1)); !ok {
				t.Fatal("opened too early")
			}
			if _, err := f.Get(t.Context(), name(1)); !errors.Is(err, errDown) {
				t.Fatal(err)
			}
		}
		for range 3 {
			if _, ok := f.HedgeTime(name(1)); ok || f.State() != 2 {
				t.Fatal("the circuit breaker is not open")
			}
			if _, err := f.Get(t.Context(), name(1)); !errors.Is(err, cache.ErrMiss) {
				t.Fatal(err)
			}
			f.Keep(t.Context(), f.entry(name(2), "body", shared.Cost{}))
			f.counts.want(t, map[string]int{"read error": 5, "skipped open": 2, "written dropped": 1})
			time.Sleep(2*time.Second + 1)
			if after, ok := f.HedgeTime(name(1)); after != 0 || !ok {
				t.Fatalf("half-open: %v, %t", after, ok)
			}
			_, _ = f.Get(t.Context(), name(1))
			f.counts.want(t, map[string]int{"read error": 1})
			f.counts.all["read error"] = 5
		}
		f.bucket.Fail(nil)
		time.Sleep(2*time.Second + 1)
		if _, err := f.Get(t.Context(), name(1)); !errors.Is(err, cache.ErrMiss) {
			t.Error(err)
		}
		if after, ok := f.HedgeTime(name(1)); after != f.HedgeAfter || !ok || f.State() != 0 {
			t.Errorf("it works again: %v, %t", after, ok)
		}
	})
}

// A bucket that hangs delays each of the first requests by no more than the hedge delay, and
// later ones not at all.
func TestHanging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTier()
		f.bucket.Hang(true)
		delays := map[time.Duration]int{}
		for range 100 {
			began := time.Now()
			after, ok := f.HedgeTime(name(1))
			if ok {
				v, err := shared.Hedge(t.Context(), after, f.read, make7)
				if v != 7 || err != nil {
					t.Fatal(v, err)
				}
			}
			delays[time.Since(began)]++
		}
		if len(delays) > 2 || delays[0]+delays[f.HedgeAfter] != 100 || delays[f.HedgeAfter] > 32 {
			t.Errorf("delays: %v", delays)
		}
		if f.State() != 2 {
			t.Errorf("the circuit breaker is in state %v", f.State())
		}
		time.Sleep(2 * time.Second) // reads go on
		if n := f.bucket.Calls("Get"); n > 32 {
			t.Errorf("%d reads at once", n)
		}
	})
}

// Reads beyond those that run at once wait as long as a request would.
func TestReadsWait(t *testing.T) {
	t.Parallel()
	for delay, hits := range map[time.Duration]int{10 * time.Millisecond: 100, 90 * time.Millisecond: 2 * 32} {
		synctest.Test(t, func(t *testing.T) {
			f := newTier()
			f.keep(t, name(1), "x", shared.Cost{})
			clear(f.counts.all)
			f.bucket.Delay = delay
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() { _, _ = f.Get(t.Context(), name(1)) })
			}
			all.Wait()
			want := map[string]int{"read hit": hits, "skipped busy": 100 - hits}
			maps.DeleteFunc(want, func(_ string, n int) bool { return n == 0 })
			f.counts.want(t, want)
		})
	}
}
