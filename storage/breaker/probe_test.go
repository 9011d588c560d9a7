package breaker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// A backend that is back is noticed though nobody wants anything of it, also when it
// hung in between; and one that works is not asked.
func TestProbeLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		backend, well := storagetest.NewFake(nil), storagetest.NewFake(nil)
		g, other := breaker.New(backend, breaker.Observer{}), breaker.New(well, breaker.Observer{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { breaker.ProbeLoop(ctx, g, other); close(done) }()

		backend.FailAll(storagetest.Refused())
		for range 5 {
			_, _ = g.Open(t.Context(), "key", storage.Version{})
		}
		time.Sleep(time.Minute)
		if !g.Down() {
			t.Error("a backend that fails is not down")
		}
		release := backend.Hold()
		backend.FailAll(nil)
		time.Sleep(time.Minute)
		if !g.Down() {
			t.Error("a backend that hangs is not down")
		}
		release()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if g.Down() {
			t.Error("that the backend is back was not noticed")
		}
		if well.TotalChecks() != 0 {
			t.Errorf("a backend that works was asked %d times", well.TotalChecks())
		}
		stop()
		<-done
	})
}

// While ProbeLoop runs, no request finds out for the others that a backend is still down:
// each is served by the next mirror at once.
func TestProbeLoopSparesRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging, well := storagetest.Named("hanging", "key"), storagetest.Named("well", "key")
		first, second := withBreaker(hanging), withBreaker(well)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { breaker.ProbeLoop(ctx, first, second); close(done) }()
		m := mirrors(first, second)
		release := hanging.Hold()
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			_ = open(ctx, m, "key")
			cancel()
		}
		synctest.Wait() // the losers have told of it
		asked := hanging.TotalOpens()
		if !first.Down() {
			t.Fatal("a backend that hangs is not down")
		}
		for i := range 600 { // a minute
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if err := open(ctx, m, "key"); err != nil || time.Since(start) != 0 {
				t.Errorf("request %d: %v after %v", i, err, time.Since(start))
			}
			cancel()
			time.Sleep(100 * time.Millisecond)
		}
		if n := hanging.TotalOpens() - asked; n != 0 {
			t.Errorf("%d requests were sent to the backend that hangs", n)
		}
		release()
		time.Sleep(2 * time.Second)
		if _, err := storagetest.Read(t.Context(), m, "key"); err != nil || first.Down() || hanging.TotalOpens() != asked+1 {
			t.Errorf("%v, down %t, asked %d times, when it is back", err, first.Down(), hanging.TotalOpens()-asked)
		}
		stop()
		<-done
	})
}

// A backend whose answers take longer than a probe is waited for is not shut out.
func TestProbeLoopSlowBackend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		f.Delay(6 * time.Second)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { breaker.ProbeLoop(ctx, g); close(done) }()
		time.Sleep(7500 * time.Millisecond)
		if g.Down() {
			t.Error("it is still down")
		}
		if n := f.TotalChecks(); n > 4 {
			t.Errorf("it was asked %d times", n)
		}
		stop()
		<-done
	})
}
