package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
)

// crowd asks for several derivatives of big.jpg at once, and returns when all of
// them wait for something. results are what became of each.
func (m *manor) crowd(t *testing.T, widths ...int) (results func() []*pipeline.Result) {
	t.Helper()
	var all sync.WaitGroup
	got := make([]*pipeline.Result, len(widths))
	for i, width := range widths {
		all.Go(func() {
			got[i] = m.want(t, "big.jpg", fmt.Sprintf("%dx", width), pipeline.FromOrigin, width, width*3/4)
		})
	}
	synctest.Wait()
	return func() []*pipeline.Result {
		all.Wait()
		synctest.Wait()
		return got
	}
}

// Six who come together for what was never seen cost one fetch and one decode of
// the original.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManor(t)
		release := m.origin.Hold()
		results := m.crowd(t, 20, 40, 60, 80, 84, 88)
		release()
		for _, r := range results() {
			if r.Steps[0].Name != "fetch" || r.Steps[1].Name != "mezzanine" {
				t.Errorf("the steps are %v", r.Steps)
			}
		}
		m.engine.want(t, "six at once", "640>200", "200>20", "200>40", "200>60", "200>80", "200>84", "200>88")
		if got := m.origin.TotalOpens(); got != 1 {
			t.Errorf("%d fetches, want 1", got)
		}
		if n := m.mezzanines.Counts().Fills; n != 1 {
			t.Errorf("%d mezzanines were written", n)
		}
	})
}

// Five who come while the first is being made share one decode, besides the first's.
func TestManyAfterTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManor(t)
		release := m.engine.hold("640>20")
		first := m.crowd(t, 20)
		others := m.crowd(t, 40, 60, 80, 84, 88)
		others() // the first has a worker, and they the other one
		release()
		first()
		m.engine.want(t, "five after one", "640>20", "640>200", "200>40", "200>60", "200>80", "200>84", "200>88")
		if got := m.origin.TotalOpens(); got != 1 {
			t.Errorf("%d fetches, want 1", got)
		}
	})
}

// Those for whom a mezzanine is too small go on with the original, and the others
// do not wait for them.
func TestManyOfAllSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManor(t)
		release := m.origin.Hold()
		results := m.crowd(t, 20, 300, 40, 400)
		release()
		results()
		m.engine.want(t, "two and two", "640>300", "640>400", "640>200", "200>20", "200>40")
	})
}

// While a mezzanine lets others go first, somebody comes who waits for it: it is
// made when it is his turn, once.
func TestMezzanineInAHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManor(t, func(c *pipeline.Config) { c.Gate = gate.New(1, 1<<22, 20) })
		m.origin.Put("other.jpg", picture(50, 50))
		var others sync.WaitGroup
		other := func(width int) {
			others.Go(func() { m.want(t, "other.jpg", fmt.Sprintf("%dx", width), pipeline.FromOrigin, width, width) })
			synctest.Wait()
		}
		release := m.engine.hold("640>60")
		first := m.crowd(t, 60)
		other(20)
		other(21)
		next := m.engine.hold("50>20")
		release()
		first() // and its mezzanine is behind 20 and 21
		second := m.crowd(t, 40)
		other(22)
		next()
		second()
		others.Wait()
		made := m.engine.take()
		want := []string{"640>60", "50>20", "50>21", "640>200", "50>22", "200>40"}
		if !slices.Equal(made, want) {
			t.Errorf("made in the order %q, want %q", made, want)
		}
	})
}

// Where the mezzanine cannot be made, derivatives are made of the original, and it
// is not tried again for a while.
func TestMezzanineFails(t *testing.T) {
	for name, fail := range map[string]func(context.Context) error{
		"at once":     func(context.Context) error { return errors.New("sad") },
		"as broken":   func(context.Context) error { return header.ErrBroken },
		"by a panic":  func(context.Context) error { panic("sad") },
		"as too slow": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newManor(t)
				m.engine.setStop(func(ctx context.Context, what string) error {
					if what == "640>200" {
						return fail(ctx)
					}
					return nil
				})
				release := m.origin.Hold()
				results := m.crowd(t, 20, 40, 60)
				release()
				results()
				m.engine.want(t, "three at once", "640>200", "640>20", "640>40", "640>60")
				m.crowd(t, 24)()
				m.engine.want(t, "a little later", "640>24")
				pass(10 * time.Minute)
				m.engine.setStop(nil)
				m.crowd(t, 28)()
				m.crowd(t, 32)()
				m.engine.want(t, "ten minutes later", "640>28", "640>200", "200>32")
				if m.origin.TotalOpens() != 1 {
					t.Errorf("%d fetches", m.origin.TotalOpens())
				}
			})
		})
	}
}

// What was forgotten is another picture: its mezzanine is tried at once.
func TestMezzanineFailsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManor(t)
		m.engine.setStop(func(_ context.Context, what string) error {
			if what == "640>200" {
				return errors.New("sad")
			}
			return nil
		})
		m.crowd(t, 20)()
		m.engine.setStop(nil)
		if _, err := m.Forget("big.jpg"); err != nil {
			t.Fatal(err)
		}
		m.crowd(t, 40)()
		if m.mezzanines.Len() != 1 {
			t.Error("it has no mezzanine")
		}
	})
}

// Who leaves takes nothing from the others; with the last the work ends.
func TestLeavingACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManor(t)
		release := m.origin.Hold()
		ctx, leave := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		go func() { _, err := m.ask(ctx, t, "big.jpg", "20x"); errs <- err }()
		synctest.Wait()
		results := m.crowd(t, 40)
		mezzanine := m.engine.hold("640>200")
		release()
		synctest.Wait()
		leave()
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		mezzanine()
		results()
		m.engine.want(t, "one has left", "640>200", "200>40")

		m = newManor(t)
		release = m.origin.Hold()
		m.engine.hold("640>200")
		ctx, leave = context.WithCancel(t.Context())
		for _, ops := range []string{"20x", "40x"} {
			go func() { _, err := m.ask(ctx, t, "big.jpg", ops); errs <- err }()
		}
		synctest.Wait()
		release()
		synctest.Wait()
		leave()
		for range 2 {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		}
		synctest.Wait()
		if running, waiting := m.Gate.Load(); running+waiting != 0 || m.mezzanines.Len() != 0 {
			t.Errorf("%d run and %d wait, when all have left, and there are %d mezzanines", running, waiting, m.mezzanines.Len())
		}
	})
}

// A mezzanine that waits has nothing open, and its original may go: nothing is
// fetched for it.
func TestMezzanineFetchesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManor(t, func(c *pipeline.Config) { c.Gate = gate.New(1, 1<<22, 20) })
		release := m.engine.hold("80>40")
		busy := make(chan struct{})
		go func() { defer close(busy); m.want(t, "cat.jpg", "40x", pipeline.FromOrigin, 40, 30) }()
		synctest.Wait()
		first := m.crowd(t, 60)
		go func() { m.want(t, "cat.jpg", "41x", pipeline.FromOrigin, 41, 31) }()
		synctest.Wait()
		hold := m.engine.hold("80>41")
		release()
		first()
		<-busy
		if m.originals.unclosed() != 1 || m.mezzanines.unclosed() != 0 {
			t.Errorf("%d originals are open, want that which is worked on", m.originals.unclosed())
		}
		m.purge(t, "big.jpg")
		opens := m.origin.TotalOpens()
		hold()
		synctest.Wait()
		if m.origin.TotalOpens() != opens || m.mezzanines.Len() != 0 {
			t.Errorf("%d fetches for a mezzanine that nobody waits for", m.origin.TotalOpens()-opens)
		}
		m.engine.want(t, "in all", "80>40", "640>60", "80>41")
		m.down()
		if _, err := m.ask(t.Context(), t, "big.jpg", "40x"); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
}

// No more than so many wait, and the first of each original only.
func TestBackgroundMezzaninesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManor(t, func(c *pipeline.Config) { c.Settings.MezzanineSide, c.Settings.MezzanineOver = 32, 1<<12 })
		release := m.engine.hold("90>32")
		body := picture(90, 60)
		for i := range 260 {
			key := string(pet(i))
			m.origin.Put(key, body)
			m.want(t, pet(i), "20x", pipeline.FromOrigin, 20, 13)
			m.want(t, pet(i), "21x,g_smart", pipeline.FromOrigin, 21, 14)
		}
		synctest.Wait()
		if n := m.originals.unclosed(); n != 0 {
			t.Errorf("%d originals are open", n)
		}
		release()
		synctest.Wait()
		if n := m.mezzanines.Len(); n != 256 {
			t.Errorf("%d mezzanines, want 256 of 260", n)
		}
	})
}
