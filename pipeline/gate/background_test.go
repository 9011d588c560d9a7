package gate_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/pipeline/gate"
)

// entrances records what is admitted.
type entrances struct {
	mu    sync.Mutex
	names []string
	leave map[string]func()
}

type entering func(context.Context, int64) (func(), error)

// come enters in a goroutine, which is admitted or in the queue when it returns.
func (e *entrances) come(t *testing.T, ctx context.Context, enter entering, name string, pixels int64) {
	t.Helper()
	go func() {
		leave, err := enter(ctx, pixels)
		e.mu.Lock()
		defer e.mu.Unlock()
		if err != nil {
			name += ": " + err.Error()
		}
		e.names = append(e.names, name)
		if e.leave == nil {
			e.leave = map[string]func(){}
		}
		e.leave[name] = leave
	}()
	synctest.Wait()
}

func (e *entrances) goes(name string) {
	e.mu.Lock()
	leave := e.leave[name]
	e.mu.Unlock()
	leave()
	synctest.Wait()
}

func (e *entrances) want(t *testing.T, when string, names ...string) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	slices.Sort(e.names) // those of one moment
	slices.Sort(names)
	if !slices.Equal(e.names, names) {
		t.Errorf("%s: admitted %q, want %q", when, e.names, names)
	}
	e.names = nil
}

// Requests are admitted first, whenever they came; background work follows in its
// order.
func TestBackgroundIsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(1, 0, 10)
		var e entrances
		e.come(t, t.Context(), g.EnterBackground, "background 1", 1)
		e.want(t, "nobody else is there", "background 1")
		e.come(t, t.Context(), g.EnterBackground, "background 2", 1)
		e.come(t, t.Context(), g.EnterBackground, "background 3", 1)
		e.come(t, t.Context(), g.Enter, "request 1", 1)
		e.come(t, t.Context(), g.Enter, "request 2", 1)
		e.want(t, "all places are taken")
		checkLoad(t, g, 1, 2) // the queue of the background is not counted
		for _, next := range [][2]string{{"background 1", "request 1"}, {"request 1", "request 2"}, {"request 2", "background 2"}, {"background 2", "background 3"}} {
			e.goes(next[0])
			e.want(t, next[0]+" has left", next[1])
		}
		e.goes("background 3")
		checkLoad(t, g, 0, 0)
	})
}

// However many workers are idle, background work gets only its share.
func TestBackgroundShare(t *testing.T) {
	for workers, share := range map[int]int{1: 1, 2: 1, 3: 1, 4: 2, 9: 4} {
		synctest.Test(t, func(t *testing.T) {
			g := gate.New(workers, 0, 10)
			var e entrances
			ctx, cancel := context.WithCancel(t.Context())
			for range 12 {
				e.come(t, ctx, g.EnterBackground, "background", 1)
			}
			checkLoad(t, g, share, 0)
			for range workers - share {
				e.come(t, t.Context(), g.Enter, "request", 1)
			}
			checkLoad(t, g, workers, 0)
			if n := g.Background(); n != share {
				t.Errorf("%d in the background, want %d", n, share)
			}
			cancel()
			synctest.Wait()
		})
	}
}

// A queued request that is large holds up small background work, and not the other way
// round.
func TestBackgroundPixels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(4, 100, 10)
		var e entrances
		e.come(t, t.Context(), g.Enter, "request 60", 60)
		e.come(t, t.Context(), g.EnterBackground, "background 90", 90)
		e.come(t, t.Context(), g.EnterBackground, "background 10", 10)
		e.come(t, t.Context(), g.Enter, "request 30", 30)
		e.want(t, "background 90 waits, and background 10 behind it", "request 60", "request 30")
		e.come(t, t.Context(), g.Enter, "request 70", 70)
		e.goes("request 30")
		e.want(t, "request 70 does not fit yet")
		e.goes("request 60")
		e.want(t, "request 70 fits", "request 70")
		e.goes("request 70")
		e.want(t, "all is free", "background 90", "background 10")
		checkLoad(t, g, 2, 0)
	})
}

// In a process without requests, background work is admitted as requests are.
func TestDedicated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, g := range []*gate.Gate{gate.NewDedicated(4, 100, 1), gate.NewDedicated(4, 100, 1).Unweighted()} {
			var e entrances
			for _, name := range []string{"1", "2", "3", "4"} {
				e.come(t, t.Context(), g.EnterBackground, name, 1)
			}
			e.want(t, "no worker is kept for requests", "1", "2", "3", "4")
			e.come(t, t.Context(), g.EnterBackground, "5", 1)
			if _, err := g.EnterBackground(t.Context(), 1); !errors.Is(err, gate.ErrBusy) {
				t.Errorf("a full queue: %v", err)
			}
			e.goes("1")
			e.want(t, "a worker is free", "5")
		}
	})
}

// Background work is never refused, and no request is refused because of it.
func TestBackgroundIsNeverBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(1, 0, 0)
		ctx, cancel := context.WithCancel(t.Context())
		var e entrances
		for range 50 {
			e.come(t, ctx, g.EnterBackground, "background", 1)
		}
		e.want(t, "one worker", "background")
		if g.Full(0) {
			t.Error("full of background work")
		}
		e.come(t, t.Context(), g.Enter, "request", 1) // though the queue has no places
		if !g.Full(0) {
			t.Error("not full, though a request is queued and the queue takes none")
		}
		if _, err := g.Enter(t.Context(), 1); !errors.Is(err, gate.ErrBusy) {
			t.Errorf("one more queued request: %v", err)
		}
		e.goes("background")
		e.want(t, "the worker is free", "request")
		if _, err := g.Enter(t.Context(), 1); !errors.Is(err, gate.ErrBusy) {
			t.Errorf("while somebody is worked for, with no queue: %v", err)
		}
		cancel()
		synctest.Wait()
	})
}

// Work whose context ends makes room for the work behind it.
func TestBackgroundLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(4, 100, 10)
		var e entrances
		e.come(t, t.Context(), g.Enter, "request", 50)
		ctx, cancel := context.WithCancel(t.Context())
		e.come(t, ctx, g.EnterBackground, "large", 60)
		e.come(t, t.Context(), g.EnterBackground, "small", 20)
		e.want(t, "the large one is in front", "request")
		cancel()
		synctest.Wait()
		e.want(t, "it has given up", "large: context canceled", "small")
		if _, err := g.EnterBackground(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
		checkLoad(t, g, 2, 0)
		e.goes("request")
		e.goes("small")
		checkLoad(t, g, 0, 0)
	})
}

// Requests and background work enter, leave and give up at once: no limit is ever
// exceeded, and all room is free again afterwards.
func TestBackgroundUnderLoad(t *testing.T) {
	const workers = 4
	g := gate.New(workers, 1000, 1000)
	var mu sync.Mutex
	var running, low int
	change := func(n int, background bool) {
		mu.Lock()
		defer mu.Unlock()
		if running += n; background {
			low += n
		}
		if running > workers || low > workers/2 {
			t.Errorf("%d running, %d of them in the background", running, low)
		}
	}
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			enter, background := g.Enter, i%2 == 0
			if background {
				enter = g.EnterBackground
			}
			if i%5 == 0 {
				go cancel()
			}
			leave, err := enter(ctx, int64(1+i*7%1000))
			if err != nil {
				return
			}
			change(1, background)
			change(-1, background)
			leave()
		})
	}
	all.Wait()
	checkLoad(t, g, 0, 0)
	for range 2 { // the share of the background is free again
		if _, err := g.EnterBackground(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	checkLoad(t, g, 2, 0)
}
