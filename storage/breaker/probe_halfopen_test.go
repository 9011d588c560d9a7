package breaker_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// probing runs ProbeLoop for a while.
func probing(t *testing.T, origins ...*breaker.Origin) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { breaker.ProbeLoop(ctx, origins...); close(done) }()
	synctest.Wait()
	return func() { cancel(); <-done }
}

// A backend that is slow to answer anything is not shut out, up to a minute, and not
// asked without end.
func TestProbeLoopWaits(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{12 * time.Second, 35 * time.Second, 59 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			g, f := broken(t)
			f.Delay(delay)
			defer probing(t, g)()
			time.Sleep(delay + 500*time.Millisecond)
			if !g.Down() || f.TotalChecks() > 5 {
				t.Errorf("%v: down %t after %d questions", delay, g.Down(), f.TotalChecks())
			}
			time.Sleep(time.Second)
			if g.Down() {
				t.Errorf("%v: it is still down", delay)
			}
			if err := open(t.Context(), g, "key"); err != nil || g.State() != breaker.Closed {
				t.Errorf("%v: %v, state %v", delay, err, g.State())
			}
		})
	}
}

// Of questions that never end five are under way, and what hangs for ever does not
// hide that the backend is back.
func TestProbeLoopForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		release := f.Hold()
		defer release()
		defer probing(t, g)()
		time.Sleep(59 * time.Second)
		if n := f.TotalChecks(); n != 5 {
			t.Errorf("%d questions are under way, want 5", n)
		}
		f.Reopen()
		time.Sleep(4 * time.Second)
		if g.Down() {
			t.Error("it is still down")
		}
	})
}

// half answers Checks only.
type half struct{ *storagetest.Fake }

func (half) Check(context.Context) error { return nil }

// A backend that answers Checks and lets requests hang costs one request at a time.
// The others go on to the next mirror at once.
func TestProbeLoopHalfDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, well := storagetest.Named("half", "key"), storagetest.Named("well", "key")
		f.Delay(10 * time.Second)
		f.FailAll(storagetest.Refused())
		g := withBreaker(half{f})
		m := mirrors(g, withBreaker(well))
		stop := probing(t, g)
		for !g.Down() {
			_ = open(t.Context(), g, "key")
		}
		var waited atomic.Int32
		var all sync.WaitGroup
		for range 6000 { // ten minutes
			all.Go(func() {
				start := time.Now()
				if err := open(t.Context(), m, "key"); err != nil {
					t.Error(err)
				}
				if time.Since(start) > 0 {
					waited.Add(1)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
		if n := waited.Load(); n < 50 || n > 301 { // one in two seconds
			t.Errorf("%d of 6000 requests waited, want 300 at most", n)
		}
		f.Delay(0)
		f.FailAll(nil)
		time.Sleep(3 * time.Second)
		if g.Down() || g.State() != breaker.Closed {
			t.Errorf("down %t, %v, when nobody asks", g.Down(), g.State())
		}
		asked := f.TotalOpens()
		for range 10 {
			if _, err := storagetest.Read(t.Context(), m, "key"); err != nil {
				t.Error(err)
			}
		}
		if n := f.TotalOpens() - asked; n != 10 {
			t.Errorf("the backend was asked %d times of 10 when it was back", n)
		}
		stop()
	})
}

// While half-open others are refused until a request has worked; a failure opens the
// breaker at once, and who leaves changes nothing.
func TestBreakerHalfOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		m := mirrors(g, withBreaker(storagetest.Named("well", "key")))
		check(t, g)
		f.FailNext(1, storagetest.Refused())
		if err := open(t.Context(), m, "key"); err != nil || g.State() != breaker.Open {
			t.Errorf("%v, %v after a half-open request that failed", err, g.State())
		}
		check(t, g)
		release := f.Hold()
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { gone <- open(ctx, m, "key") }()
		synctest.Wait()
		asked := f.TotalOpens()
		if got, err := storagetest.Read(t.Context(), m, "key"); got != "well has key" || err != nil || f.TotalOpens() != asked {
			t.Errorf("%q, %v, asked %d times, during the half-open request", got, err, f.TotalOpens()-asked)
		}
		if g.Down() || g.State() != breaker.HalfOpen {
			t.Errorf("down %t, %v during the half-open request", g.Down(), g.State())
		}
		leave()
		<-gone
		release()
		synctest.Wait() // the first one's end is seen behind its caller's back
		if got, err := storagetest.Read(t.Context(), m, "key"); got != "backend has key" || err != nil || g.State() != breaker.Closed {
			t.Errorf("%q, %v, %v after the first has left", got, err, g.State())
		}
		f.FailNext(1, storagetest.Refused())
		if _, err := storagetest.Read(t.Context(), m, "key"); err != nil || g.Down() {
			t.Errorf("%v, down %t after one failure when the half-open request is over", err, g.Down())
		}
	})
}
