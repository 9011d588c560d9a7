package admin

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func good(context.Context) error { return nil }

func bad(context.Context) error { return errors.New("down") }

// A check that hangs fails. Two checks may have the same name.
func TestReadiness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		defer close(hang)
		o := newTestAdmin(Config{Checks: []Check{
			{Name: "good", Do: good},
			{Name: "same", Do: bad},
			{Name: "same", Do: good},
			{Name: "hangs", Do: func(context.Context) error { <-hang; return nil }},
		}})
		began := time.Now()
		status, body := o.request("GET", "/readyz", "")
		got := decode[readiness](t, body)
		if status != 503 || got.Ready || len(got.Checks) != 4 || time.Since(began) != checkTimeout {
			t.Fatalf("%d %+v after %v", status, got, time.Since(began))
		}
		for i, want := range []bool{true, false, true, false} {
			if got.Checks[i].OK != want || want != (got.Checks[i].Error == "") {
				t.Errorf("check %d: %+v, want ok %v", i, got.Checks[i], want)
			}
		}
	})
}

// An origin that is down leaves the server ready, but degraded, and its state is shown.
func TestDegraded(t *testing.T) {
	t.Parallel()
	open := func() string { return "open" }
	for _, c := range []struct {
		checks []Check
		status int
		body   string
	}{
		{nil, 200, `{"ready":true,"degraded":false,"checks":null}`},
		{
			[]Check{{Name: "cache", Do: good}, {Name: "s3", Do: good, Degrades: true, State: func() string { return "closed" }}},
			200, `{"ready":true,"degraded":false,"checks":[{"name":"cache","ok":true},{"name":"s3","ok":true,"state":"closed"}]}`,
		},
		{
			[]Check{{Name: "cache", Do: good}, {Name: "s3", Do: bad, Degrades: true, State: open}},
			200, `{"ready":true,"degraded":true,"checks":[{"name":"cache","ok":true},{"name":"s3","ok":false,"state":"open","error":"down"}]}`,
		},
		{
			[]Check{{Name: "cache", Do: bad}, {Name: "s3", Do: bad, Degrades: true, State: open}},
			503, `{"ready":false,"degraded":true,"checks":[{"name":"cache","ok":false,"error":"down"},{"name":"s3","ok":false,"state":"open","error":"down"}]}`,
		},
		{
			[]Check{{Name: "cache", Do: bad}, {Name: "s3", Do: good, Degrades: true}},
			503, `{"ready":false,"degraded":true,"checks":[{"name":"cache","ok":false,"error":"down"},{"name":"s3","ok":true}]}`,
		},
	} {
		if status, body := newTestAdmin(Config{Checks: c.checks}).request("GET", "/readyz", ""); status != c.status || body != c.body {
			t.Errorf("%d %s\nwant %d %s", status, body, c.status, c.body)
		}
	}
}

// A check of an origin that hangs does not delay the answer, and is started once, however
// many probes there are.
func TestHangingOrigin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		var asked atomic.Int32
		o := newTestAdmin(Config{Checks: []Check{
			{Name: "s3", Degrades: true, Do: func(context.Context) error { asked.Add(1); <-hang; return nil }},
		}})
		for range 10 {
			began := time.Now()
			status, body := o.request("GET", "/readyz", "")
			if got := decode[readiness](t, body); status != 200 || !got.Ready || !got.Degraded || time.Since(began) != degradeTimeout {
				t.Errorf("%d %+v after %v", status, got, time.Since(began))
			}
		}
		if asked.Load() != 1 {
			t.Errorf("%d checks hang", asked.Load())
		}
		close(hang)
		synctest.Wait()
		if _, body := o.request("GET", "/readyz", ""); decode[readiness](t, body).Degraded || asked.Load() != 2 {
			t.Errorf("when it is back, after %d checks: %s", asked.Load(), body)
		}
	})
}

// Those who ask while a check runs share its result, also when the one that has started it has
// left.
func TestChecksAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan error)
		var asked atomic.Int32
		p := &probe{Check: Check{Name: "disk", Do: func(ctx context.Context) error {
			asked.Add(1)
			select {
			case err := <-answer:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}}}
		first, leave := context.WithCancel(t.Context())
		left, shared := make(chan error, 1), make(chan error, 2)
		go func() { left <- p.run(first) }()
		synctest.Wait()
		for range cap(shared) {
			go func() { shared <- p.run(t.Context()) }()
		}
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the one that has left: %v", err)
		}
		down := errors.New("down")
		answer <- down
		for range cap(shared) {
			if err := <-shared; err != down {
				t.Errorf("those who wait: %v", err)
			}
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("it ran %d times", n)
		}
	})
}

// A check that hangs leaves nothing behind of the many who have asked meanwhile.
func TestHangingCheckKeepsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		p := &probe{Check: Check{Do: func(context.Context) error { <-hang; return nil }}}
		gone, leave := context.WithCancel(t.Context())
		leave()
		run := p.join(gone, checkTimeout)
		for range 100 {
			if again := p.join(gone, checkTimeout); again != run {
				t.Fatal("it was started again")
			}
		}
		close(hang)
		<-run.over
		synctest.Wait()
		if p.running != nil {
			t.Error("it still counts as running")
		}
	})
}
