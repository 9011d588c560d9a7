package resize_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/resize"
)

// entrances notes who is admitted.
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

// Those who wait go first, whenever they have come; those whom nobody waits for
// follow in their order.
func TestGateEnterLastIsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := resize.NewGate(1, 0, 10)
		var e entrances
		e.come(t, t.Context(), g.EnterLast, "last 1", 1)
		e.want(t, "nobody else is there", "last 1")
		e.come(t, t.Context(), g.EnterLast, "last 2", 1)
		e.come(t, t.Context(), g.EnterLast, "last 3", 1)
		e.come(t, t.Context(), g.Enter, "first 1", 1)
		e.come(t, t.Context(), g.Enter, "first 2", 1)
		e.want(t, "all places are taken")
		checkLoad(t, g, 1, 2) // nobody cares for those who have time
		for _, next := range [][2]string{{"last 1", "first 1"}, {"first 1", "first 2"}, {"first 2", "last 2"}, {"last 2", "last 3"}} {
			e.goes(next[0])
			e.want(t, next[0]+" has left", next[1])
		}
		e.goes("last 3")
		checkLoad(t, g, 0, 0)
	})
}

// However many workers are idle, they have only their share.
func TestGateEnterLastShare(t *testing.T) {
	for workers, share := range map[int]int{1: 1, 2: 1, 3: 1, 4: 2, 9: 4} {
		synctest.Test(t, func(t *testing.T) {
			g := resize.NewGate(workers, 0, 10)
			var e entrances
			ctx, cancel := context.WithCancel(t.Context())
			for range 12 {
				e.come(t, ctx, g.EnterLast, "last", 1)
			}
			checkLoad(t, g, share, 0)
			for range workers - share {
				e.come(t, t.Context(), g.Enter, "first", 1)
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

// A large one of those who wait holds up the small ones whom nobody waits for, and
// not the other way round.
func TestGateEnterLastPixels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := resize.NewGate(4, 100, 10)
		var e entrances
		e.come(t, t.Context(), g.Enter, "first 60", 60)
		e.come(t, t.Context(), g.EnterLast, "last 90", 90)
		e.come(t, t.Context(), g.EnterLast, "last 10", 10)
		e.come(t, t.Context(), g.Enter, "first 30", 30)
		e.want(t, "last 90 waits, and last 10 behind it", "first 60", "first 30")
		e.come(t, t.Context(), g.Enter, "first 70", 70)
		e.goes("first 30")
		e.want(t, "first 70 does not fit yet")
		e.goes("first 60")
		e.want(t, "first 70 fits", "first 70")
		e.goes("first 70")
		e.want(t, "all is free", "last 90", "last 10")
		checkLoad(t, g, 2, 0)
	})
}

// However many there are, they are not refused, and nobody is refused for them.
func TestGateEnterLastIsNeverBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := resize.NewGate(1, 0, 0)
		ctx, cancel := context.WithCancel(t.Context())
		var e entrances
		for range 50 {
			e.come(t, ctx, g.EnterLast, "last", 1)
		}
		e.want(t, "one worker", "last")
		if g.Full(0) {
			t.Error("full of what nobody waits for")
		}
		e.come(t, t.Context(), g.Enter, "first", 1) // though the queue has no places
		if !g.Full(0) {
			t.Error("not full, with one who waits where none may")
		}
		if _, err := g.Enter(t.Context(), 1); !errors.Is(err, resize.ErrBusy) {
			t.Errorf("one more who waits: %v", err)
		}
		e.goes("last")
		e.want(t, "the worker is free", "first")
		if _, err := g.Enter(t.Context(), 1); !errors.Is(err, resize.ErrBusy) {
			t.Errorf("while somebody is worked for, with no queue: %v", err)
		}
		cancel()
		synctest.Wait()
	})
}

// Who gives up makes room for those behind, and is not admitted any more.
func TestGateEnterLastLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := resize.NewGate(4, 100, 10)
		var e entrances
		e.come(t, t.Context(), g.Enter, "first", 50)
		ctx, cancel := context.WithCancel(t.Context())
		e.come(t, ctx, g.EnterLast, "large", 60)
		e.come(t, t.Context(), g.EnterLast, "small", 20)
		e.want(t, "the large one is in front", "first")
		cancel()
		synctest.Wait()
		e.want(t, "it has given up", "large: context canceled", "small")
		if _, err := g.EnterLast(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
		checkLoad(t, g, 2, 0)
		e.goes("first")
		e.goes("small")
		checkLoad(t, g, 0, 0)
	})
}

// TestGateEnterLastUnderLoad has both kinds come, go and give up, and looks that
// limits are never broken and everything is given back.
func TestGateEnterLastUnderLoad(t *testing.T) {
	const workers = 4
	g := resize.NewGate(workers, 1000, 1000)
	var mu sync.Mutex
	var running, late int
	change := func(n int, last bool) {
		mu.Lock()
		defer mu.Unlock()
		if running += n; last {
			late += n
		}
		if running > workers || late > workers/2 {
			t.Errorf("%d running, %d of them last", running, late)
		}
	}
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			enter, last := g.Enter, i%2 == 0
			if last {
				enter = g.EnterLast
			}
			if i%5 == 0 {
				go cancel()
			}
			leave, err := enter(ctx, int64(1+i*7%1000))
			if err != nil {
				return
			}
			change(1, last)
			change(-1, last)
			leave()
		})
	}
	all.Wait()
	checkLoad(t, g, 0, 0)
	for range 2 { // their share is free again
		if _, err := g.EnterLast(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	checkLoad(t, g, 2, 0)
}
