package breaker_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// check has a breaker that is open check its backend, which answers.
func check(t *testing.T, g *breaker.Origin) {
	t.Helper()
	if err := g.Check(t.Context()); err != nil || g.Down() || g.State() != breaker.Closed {
		t.Errorf("%v, down %t, %v after a Check", err, g.Down(), g.State())
	}
}

func TestBreakerCloses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		ask  func(t *testing.T, g *breaker.Origin)
	}{
		{"an object", func(t *testing.T, g *breaker.Origin) {
			if err := open(t.Context(), g, "key"); err != nil {
				t.Error(err)
			}
		}},
		{"a missing one", func(t *testing.T, g *breaker.Origin) {
			storagetest.WantKind(t, open(t.Context(), g, "missing"), storage.ErrNotFound)
		}},
		{"one that is not read", func(t *testing.T, g *breaker.Origin) {
			object, err := g.Open(t.Context(), "key", storage.Version{})
			if err != nil {
				t.Fatal(err)
			}
			_ = object.Body.Close()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, _ := broken(t)
				storagetest.WantKind(t, open(t.Context(), g, "key"), storage.ErrUnavailable)
				check(t, g)
				tt.ask(t, g)
				if g.State() != breaker.Closed || g.Down() {
					t.Errorf("state %v, down %t", g.State(), g.Down())
				}
			})
		})
	}
}

// TestBreakerOneRequest: the others do not wait for the half-open request; the first bytes of
// its body are proof enough.
func TestBreakerOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		check(t, g)
		release := f.Hold()
		var all sync.WaitGroup
		all.Go(func() {
			object, err := g.Open(t.Context(), "key", storage.Version{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := object.Body.Read(make([]byte, 1)); err != nil || g.State() != breaker.Closed {
				t.Errorf("%v, state %v after the first byte", err, g.State())
			}
			_ = object.Body.Close()
		})
		synctest.Wait()
		asked := f.TotalOpens()
		storagetest.WantKind(t, open(t.Context(), g, "key"), storage.ErrUnavailable)
		if g.State() != breaker.HalfOpen || g.Down() || f.TotalOpens() != asked {
			t.Errorf("state %v, down %t, asked %d more", g.State(), g.Down(), f.TotalOpens()-asked)
		}
		release()
		all.Wait()
	})
}

// TestBreakerStuckRequest: a backend that is back is not kept waiting by a half-open request
// that was sent before.
func TestBreakerStuckRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		check(t, g)
		release := f.Hold()
		stuck := make(chan error, 1)
		go func() { stuck <- open(t.Context(), g, "key") }()
		time.Sleep(100 * time.Millisecond)
		back := time.Now()
		f.Reopen()
		for range 100 {
			if open(t.Context(), g, "key") == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(back); took < 1500*time.Millisecond || took > 2*time.Second {
			t.Errorf("it took %v to notice", took)
		}
		release()
		if err := <-stuck; err != nil || g.State() != breaker.Closed {
			t.Errorf("the stuck request ended with %v, state %v", err, g.State())
		}
	})
}

// TestBreakerSlowBackend: one that takes longer than others wait is not shut out.
func TestBreakerSlowBackend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		check(t, g)
		f.Delay(4 * time.Second)
		if err := open(t.Context(), g, "key"); err != nil || g.State() != breaker.Closed {
			t.Errorf("%v, state %v", err, g.State())
		}
	})
}

// TestBreakerAbandonedRequest: a client that leaves does not take the only permit
// with it.
func TestBreakerAbandonedRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		check(t, g)
		for range 3 {
			release := f.Hold()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(10*time.Millisecond, cancel)
			if err := open(ctx, g, "key"); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want context.Canceled", err)
			}
			release()
		}
		if err := open(t.Context(), g, "key"); err != nil {
			t.Error(err)
		}
	})
}

// TestBreakerHangs: calls that no context ends are left behind, but not without
// end, and clean up when they return after all.
func TestBreakerHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := storagetest.Named("backend", "key")
		g := withBreaker(f)
		release := f.Hang()
		ask := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			return open(ctx, g, "key")
		}
		for range 32 {
			start := time.Now()
			if err := ask(); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 500*time.Millisecond {
				t.Fatalf("%v after %v", err, time.Since(start))
			}
			time.Sleep(time.Second)
		}
		start := time.Now()
		storagetest.WantKind(t, ask(), storage.ErrUnavailable)
		if took := time.Since(start); took > 300*time.Millisecond || f.TotalOpens() != 32 {
			t.Errorf("it took %v, and %d calls hang", took, f.TotalOpens())
		}
		release()
		synctest.Wait()
		time.Sleep(time.Second)
		if err := ask(); err != nil || f.Unclosed() != 0 {
			t.Errorf("%v, %d bodies are open", err, f.Unclosed())
		}
	})
}

// TestBreakerManyLeave: clients that leave all at once are no calls that hang.
func TestBreakerManyLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := storagetest.Named("backend", "key")
		g := withBreaker(f)
		release := f.Hold()
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() { _ = open(ctx, g, "key") })
		}
		synctest.Wait()
		cancel()
		all.Wait()
		release()
		if err := open(t.Context(), g, "key"); err != nil {
			t.Error(err)
		}
	})
}
