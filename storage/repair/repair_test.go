package repair_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/repair"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func withBreaker(o storage.Backend) *breaker.Origin { return breaker.New(o, breaker.Observer{}) }

func mirrors(origins ...storage.Origin) storage.Origin {
	return hedge.Mirrors(nil, hedge.Observer{}, origins...)
}

// repaired is a chain of an empty store and a fake that has keys, and what its
// repair tells.
type repaired struct {
	chain    storage.Origin
	breakers []*breaker.Origin
	repair   *repair.Repair
	first    storagetest.Store
	last     *storagetest.Fake

	mu   sync.Mutex
	told []string
}

func newRepaired(t *testing.T, o repair.Options, keys ...string) *repaired {
	t.Helper()
	r := &repaired{first: storagetest.NewStore(nil), last: storagetest.Named("last", keys...)}
	r.first.SetName("first")
	o.Repaired = func(key string, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, fmt.Sprint(key, " ", err))
	}
	r.repair = repair.New(o)
	r.breakers = []*breaker.Origin{withBreaker(r.first), withBreaker(r.last)}
	var err error
	if r.chain, err = r.repair.Chain(mirrors(r.breakers[0]), storagetest.Named("middle"), mirrors(r.breakers[1])); err != nil {
		t.Fatal(err)
	}
	return r
}

// run starts the repair, and the probes of the backends; they are stopped, and waited for, at
// the end of the test.
func (r *repaired) run(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.repair.Run(ctx) })
	running.Go(func() { breaker.ProbeLoop(ctx, r.breakers...) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if n := r.first.Unclosed() + r.last.Unclosed(); n != 0 {
			t.Errorf("%d bodies are open", n)
		}
	})
}

func (r *repaired) wantTold(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.told) != len(want) {
		t.Fatalf("told %q, want %q", r.told, want)
	}
	for i := range want {
		if !strings.HasPrefix(r.told[i], want[i]) {
			t.Errorf("told %q, want %q", r.told, want)
		}
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRepaired(t, repair.Options{}, "key")
		when := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
		r.last.SetModTime("key", when)
		r.run(t)
		if got, err := storagetest.Read(t.Context(), r.chain, "key"); got != "last has key" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		synctest.Wait()
		r.wantTold(t, "key <nil>")
		entry, err := r.first.Stat(t.Context(), "key")
		if got, _ := r.first.Bytes("key"); string(got) != "last has key" || err != nil || !entry.ModTime.Equal(when) {
			t.Errorf("the first has %q of %v, %v", got, entry.ModTime, err)
		}
		if _, err := r.chain.Open(t.Context(), "missing", storage.Version{}); !errors.Is(err, storage.ErrNotFound) {
			t.Error(err)
		}
		asked := r.last.TotalOpens()
		if got, err := storagetest.Read(t.Context(), r.chain, "key"); got != "last has key" || err != nil || r.last.TotalOpens() != asked {
			t.Errorf("%q, %v; the last was asked %d times more", got, err, r.last.TotalOpens()-asked)
		}
		synctest.Wait()
		r.wantTold(t, "key <nil>")
		if n := r.repair.Pending(); n != 0 {
			t.Errorf("%d pending", n)
		}
	})
}

// TestRepairOnlyWhatIsMissing: a first backend that cannot answer may have it.
func TestRepairOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRepaired(t, repair.Options{}, "key", "refused")
		r.first.Fail("refused", storage.ErrRefused)
		_, _ = storagetest.Read(t.Context(), r.chain, "refused")
		r.first.FailAll(storagetest.Refused())
		_, _ = storagetest.Read(t.Context(), r.chain, "key")
		if n := r.repair.Pending(); n != 0 {
			t.Errorf("%d pending", n)
		}
		r.first.FailAll(nil)
		time.Sleep(time.Second)
		r.last.SetETag("key", "known")
		if _, err := r.chain.Open(t.Context(), "key", storage.Version{ETag: "known"}); !errors.Is(err, storage.ErrNotModified) {
			t.Error(err)
		}
		if n := r.repair.Pending(); n != 1 {
			t.Errorf("%d pending after a version that is known, want 1", n)
		}
	})
}

func TestRepairQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRepaired(t, repair.Options{Queue: 2}, "a", "b", "c")
		for _, key := range []string{"a", "a", "b", "a", "b", "c"} {
			_, _ = storagetest.Read(t.Context(), r.chain, key)
		}
		r.wantTold(t, "c not repaired")
		if n := r.repair.Pending(); n != 2 {
			t.Errorf("%d pending, want 2", n)
		}
		r.run(t)
		synctest.Wait()
		_, hasA := r.first.Bytes("a")
		_, hasB := r.first.Bytes("b")
		_, hasC := r.first.Bytes("c")
		if !hasA || !hasB || hasC || r.repair.Pending() != 0 {
			t.Errorf("a %t, b %t, c %t, pending %d", hasA, hasB, hasC, r.repair.Pending())
		}
		_, _ = storagetest.Read(t.Context(), r.chain, "c")
		synctest.Wait()
		if _, ok := r.first.Bytes("c"); !ok {
			t.Error("what was dropped is not found again")
		}
	})
}

// TestRepairDedupes: also while the copy is under way.
func TestRepairDedupes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRepaired(t, repair.Options{}, "key")
		r.run(t)
		_, _ = storagetest.Read(t.Context(), r.chain, "key")
		release := r.last.HoldBodies()
		synctest.Wait()
		for range 3 {
			object, err := r.chain.Open(t.Context(), "key", storage.Version{})
			if err != nil {
				t.Fatal(err)
			}
			_ = object.Body.Close()
		}
		release()
		synctest.Wait()
		r.wantTold(t, "key <nil>")
	})
}

func TestRepairRetries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tell func(t *testing.T, r *repaired)
		then func(r *repaired)
		want string
		most time.Duration
	}{
		{
			"the first is down for a while", func(t *testing.T, r *repaired) { r.first.Fail("key", storagetest.Refused()) },
			func(r *repaired) { r.first.Fail("key", nil) }, "key <nil>", 30 * time.Second,
		},
		{
			"the last is down for a while", func(t *testing.T, r *repaired) { r.last.FailAll(storagetest.Refused()) },
			func(r *repaired) { r.last.FailAll(nil) }, "key <nil>", 30 * time.Second,
		},
		{
			"bodies break for a while", func(_ *testing.T, r *repaired) { r.last.Truncate("key", 3) },
			func(r *repaired) { r.last.Truncate("key", -1) }, "key <nil>", 30 * time.Second,
		},
		{
			"the first stays down", func(t *testing.T, r *repaired) { r.first.Fail("key", storagetest.Refused()) },
			nil, "key backend: origin unavailable: connection refused", time.Minute,
		},
		{
			"the first refuses", func(_ *testing.T, r *repaired) { r.first.Fail("key", storage.ErrRefused) },
			nil, "key origin unavailable: refused", 0,
		},
		{
			"somebody else has put it there", func(_ *testing.T, r *repaired) { r.first.Fail("key", storage.ErrExists) },
			nil, "key <nil>", 0,
		},
		{"it is gone", func(_ *testing.T, r *repaired) { r.last.Remove("key") }, nil, "key middle, last: no such object", 0},
		{"its size is not known", func(_ *testing.T, r *repaired) { r.last.Announce("key", -1) }, nil, "key middle, last: \"key\": the size", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRepaired(t, repair.Options{}, "key")
				_, _ = storagetest.Read(t.Context(), r.chain, "key")
				tt.tell(t, r)
				start := time.Now()
				r.run(t)
				if tt.then != nil {
					time.Sleep(5 * time.Second)
					tt.then(r)
				}
				for r.repair.Pending() > 0 {
					time.Sleep(100 * time.Millisecond)
					synctest.Wait()
				}
				if took := time.Since(start); took > tt.most+100*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				synctest.Wait()
				r.wantTold(t, tt.want)
			})
		})
	}
}

func TestRepairSwitchedOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		on := true
		r := newRepaired(t, repair.Options{Enabled: func() bool { return on }}, "a", "b")
		_, _ = storagetest.Read(t.Context(), r.chain, "a")
		on = false
		_, _ = storagetest.Read(t.Context(), r.chain, "b")
		if n := r.repair.Pending(); n != 1 {
			t.Errorf("%d pending, want a", n)
		}
		r.run(t)
		synctest.Wait()
		r.wantTold(t, "a not repaired")
		if _, ok := r.first.Bytes("a"); ok || r.repair.Pending() != 0 {
			t.Errorf("a was copied: %t, %d pending", ok, r.repair.Pending())
		}
	})
}

// TestRepairStops: in the middle of a copy, which leaves nothing.
func TestRepairStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRepaired(t, repair.Options{}, "a", "b", "c")
		for _, key := range []string{"a", "b", "c"} {
			_, _ = storagetest.Read(t.Context(), r.chain, key)
		}
		release := r.last.HoldBodies()
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.repair.Run(ctx); close(done) }()
		synctest.Wait()
		if n := r.last.Unclosed(); n != 2 {
			t.Errorf("%d copies at once, want 2", n)
		}
		cancel()
		<-done
		if n := r.last.Unclosed(); n != 0 || r.repair.Pending() != 1 {
			t.Errorf("%d bodies are open, %d pending; want 0, 1", n, r.repair.Pending())
		}
		if _, ok := r.first.Bytes("a"); ok {
			t.Error("half a copy is there")
		}
	})
}

func TestRepairNeedsAWriter(t *testing.T) {
	t.Parallel()
	r := repair.New(repair.Options{})
	store := storagetest.NewStore(nil)
	for _, tt := range []struct {
		origins []storage.Origin
		problem string
	}{
		{nil, "nothing to repair from"},
		{[]storage.Origin{store}, "nothing to repair from"},
		{[]storage.Origin{storagetest.Named("reader"), store}, "reader cannot be repaired"},
		{[]storage.Origin{mirrors(withBreaker(storagetest.Named("reader"))), store}, "reader cannot be repaired"},
	} {
		if _, err := r.Chain(tt.origins...); err == nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%v: %v, want %q", tt.origins, err, tt.problem)
		}
	}
	if _, err := r.Chain(mirrors(withBreaker(storagetest.Named("reader")), withBreaker(store)), storagetest.Named("old")); err != nil {
		t.Error(err)
	}
}

// TestRepairSurvivesPanics: of a copy, and of who is told of it.
func TestRepairSurvivesPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		first := storagetest.NewFlaky(nil)
		first.FailPut("a", 1, storagetest.ErrPanic)
		r := repair.New(repair.Options{Repaired: func(key string, err error) {
			mu.Lock()
			told = append(told, fmt.Sprint(key, " ", err != nil))
			mu.Unlock()
			if key == "b" {
				panic("in the observer")
			}
		}})
		chain, err := r.Chain(first, storagetest.Named("last", "a", "b", "c"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.Run(ctx); close(ended) }()
		for _, key := range []string{"a", "b", "c"} {
			if _, err := storagetest.Read(t.Context(), chain, key); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
		cancel()
		<-ended
		if got := strings.Join(told, ", "); got != "a true, b false, c false" || r.Pending() != 0 {
			t.Errorf("told %q, %d pending", got, r.Pending())
		}
	})
}
