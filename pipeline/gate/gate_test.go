package gate_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

func enter(t *testing.T, g *gate.Gate, pixels int64) func() {
	t.Helper()
	leave, err := g.Enter(t.Context(), pixels)
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

// enterLater is enter for another goroutine. That it entered shows in Load.
func enterLater(t *testing.T, g *gate.Gate, pixels int64) {
	if _, err := g.Enter(t.Context(), pixels); err != nil {
		t.Error(err)
	}
}

func checkLoad(t *testing.T, g *gate.Gate, running, waiting int) {
	t.Helper()
	if r, w := g.Load(); r != running || w != waiting {
		t.Errorf("%d running and %d waiting, want %d and %d", r, w, running, waiting)
	}
}

func TestGateLimitsWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(2, 1000, 10)
		first, second := enter(t, g, 1), enter(t, g, 1)
		go enterLater(t, g, 1)
		synctest.Wait()
		checkLoad(t, g, 2, 1)
		first()
		first() // counts once
		synctest.Wait()
		checkLoad(t, g, 2, 0)
		second()
		checkLoad(t, g, 1, 0)
	})
}

func TestGateLimitsPixels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(10, 1000, 10)
		for _, pixels := range []int64{1000, 1001, 1 << 60} { // what weighs more than all is admitted alone
			alone := enter(t, g, pixels)
			entered := make(chan func(), 1)
			go func() {
				leave, _ := g.Enter(t.Context(), 500)
				entered <- leave
			}()
			synctest.Wait()
			checkLoad(t, g, 1, 1)
			alone()
			leave := <-entered
			checkLoad(t, g, 1, 0)
			leave()
			checkLoad(t, g, 0, 0)
		}
	})
}

// Heavy works are admitted in their order, and so are light ones; light ones overtake
// queued heavy ones, as long as all light ones together are a quarter of the weight.
func TestGateIsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(10, 1000, 10)
		var e entrances
		e.come(t, t.Context(), g.Enter, "heavy 600", 600)
		e.come(t, t.Context(), g.Enter, "heavy 1000", 1000)
		e.come(t, t.Context(), g.Enter, "heavy 300", 300)
		e.want(t, "heavy 300 would fit, and is behind", "heavy 600")
		for _, name := range []string{"light 1", "light 2"} {
			e.come(t, t.Context(), g.Enter, name, 125)
		}
		e.want(t, "a quarter is for light ones", "light 1", "light 2")
		e.come(t, t.Context(), g.Enter, "light 3", 100)
		e.come(t, t.Context(), g.Enter, "light 4", 1)
		e.want(t, "there is no room for more")
		e.goes("light 1")
		e.want(t, "light 1 has left", "light 3", "light 4")
		e.goes("heavy 600")
		e.want(t, "heavy 600 has left", "heavy 1000")
		e.goes("heavy 1000")
		e.want(t, "heavy 1000 has left", "heavy 300")
	})
}

// Heavy works never have all workers, unless there is only one.
func TestGateHasRoomForLightPictures(t *testing.T) {
	for workers, most := range map[int]int{1: 1, 2: 1, 3: 2, 8: 7} {
		synctest.Test(t, func(t *testing.T) {
			g := gate.New(workers, 1000, 100)
			ctx, cancel := context.WithCancel(t.Context())
			var e entrances
			for range 10 {
				e.come(t, ctx, g.Enter, "heavy", g.LeastHeavy())
			}
			checkLoad(t, g, most, 10-most)
			e.come(t, ctx, g.Enter, "light", 1)
			checkLoad(t, g, workers, 11-workers)
			cancel()
			synctest.Wait()
		})
	}
}

// Heavy work is admitted in the end, even if light work never stops coming.
func TestGateAdmitsHeavyPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(10, 1000, 10)
		var e entrances
		for _, name := range []string{"light 1", "light 2", "light 3", "light 4"} {
			e.come(t, t.Context(), g.Enter, name, 125)
		}
		e.come(t, t.Context(), g.Enter, "heavy", 1000)
		e.come(t, t.Context(), g.Enter, "light 5", 125)
		e.want(t, "light 5 would fit, if nobody heavy waited", "light 1", "light 2", "light 3", "light 4")
		e.goes("light 1")
		e.want(t, "three eighths are light")
		e.goes("light 2")
		e.want(t, "a quarter is light", "heavy")
		e.goes("light 3")
		e.want(t, "light pictures beside it", "light 5")
	})
}

func TestGateIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(1, 0, 1)
		leave := enter(t, g, 1<<40)
		go enterLater(t, g, 1)
		synctest.Wait()
		if _, err := g.Enter(t.Context(), 1); !errors.Is(err, gate.ErrBusy) {
			t.Errorf("a full queue: %v", err)
		}
		leave()
	})
	if _, err := gate.New(0, 0, 0).Enter(t.Context(), 1); err != nil {
		t.Errorf("one worker is the least: %v", err)
	}
}

func TestGateLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(3, 100, 2)
		leave := enter(t, g, 60)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := g.Enter(ctx, 100)
			failed <- err
		}()
		synctest.Wait()
		go enterLater(t, g, 40) // fits, but is behind
		synctest.Wait()
		checkLoad(t, g, 1, 2)
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled while waiting: %v", err)
		}
		synctest.Wait()
		checkLoad(t, g, 2, 0) // the one behind has moved up
		if _, err := g.Enter(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
		leave()
	})
}

// A gate admits every plan that NewPlan accepts with the same limit, whatever its weight.
func TestCostIsAdmitted(t *testing.T) {
	s := resize.Settings{MaxPixels: 1_000_000, CanWrite: func(variant.Format) bool { return true }}
	h := header.Header{Format: variant.JPEG, Width: 1000, Height: 1000, Orientation: 1, Pages: 1, Depth: 8}
	g := gate.New(1, s.MaxPixels, 0)
	for _, ops := range []string{"dpr_1", "dpr_1,f_avif", "1000x1000,fit_contain,f_webp,lossless", "1x1"} {
		v, err := variant.Parse(ops)
		if err != nil {
			t.Fatal(err)
		}
		p, err := resize.NewPlan(h, v, 0, s)
		if err != nil {
			t.Fatal(err)
		}
		enter(t, g, p.Cost(h))()
	}
}

// Many enter, leave and give up at once: no limit is ever exceeded, and all room is
// free again afterwards.
func TestGateUnderLoad(t *testing.T) {
	const workers, maxPixels = 3, 1000
	g := gate.New(workers, maxPixels, 1000)
	var mu sync.Mutex
	var running int
	var pixels int64
	change := func(n int, by int64) {
		mu.Lock()
		defer mu.Unlock()
		running, pixels = running+n, pixels+by
		if running > workers || pixels > maxPixels*5/4 {
			t.Errorf("%d running with %d pixels", running, pixels)
		}
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%3 == 0 {
				go cancel()
			}
			size := int64(1 + i*7%maxPixels)
			leave, err := g.Enter(ctx, size)
			if err != nil {
				return
			}
			change(1, size)
			change(-1, -size)
			leave()
		})
	}
	all.Wait()
	checkLoad(t, g, 0, 0)
	leave, err := g.Enter(t.Context(), maxPixels)
	if err != nil {
		t.Fatal(err)
	}
	leave()
}
