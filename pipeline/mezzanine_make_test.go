package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
)

// askAll asks for several derivatives of big.jpg at once, and returns when all of the
// requests wait for something. results returns their results.
func (m *largeFixture) askAll(t *testing.T, widths ...int) (results func() []*pipeline.Result) {
	t.Helper()
	var all sync.WaitGroup
	got := make([]*pipeline.Result, len(widths))
	for i, width := range widths {
		all.Go(func() {
			got[i] = m.want(t, "big.jpg", fmt.Sprintf("%dx", width), pipeline.Made, width, width*3/4)
		})
	}
	synctest.Wait()
	return func() []*pipeline.Result {
		all.Wait()
		synctest.Wait()
		return got
	}
}

// If the mezzanine cannot be made, derivatives are made from the original.
func TestMezzanineFails(t *testing.T) {
	for name, fail := range map[string]func(context.Context) error{
		"at once":     func(context.Context) error { return errors.New("sad") },
		"as broken":   func(context.Context) error { return header.ErrBroken },
		"by a panic":  func(context.Context) error { panic("sad") },
		"as too slow": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				m.engine.SetStop(func(ctx context.Context, what string) error {
					if what == "640>200" {
						return fail(ctx)
					}
					return nil
				})
				m.askAll(t, 20)()
				pass(2 * time.Minute)
				m.engine.Want(t, "at first", "640>20", "640>200")
				m.askAll(t, 24)()
				pass(2 * time.Minute)
				m.engine.Want(t, "again", "640>24", "640>200")
				m.engine.SetStop(nil)
				m.askAll(t, 28)()
				m.askAll(t, 32)()
				m.engine.Want(t, "mended", "640>28", "640>200", "200>32")
				if m.origin.TotalOpens() != 1 {
					t.Errorf("%d fetches", m.origin.TotalOpens())
				}
			})
		})
	}
}

// A queued mezzanine has nothing open. If its original is purged meanwhile, it is not
// fetched again.
func TestMezzanineFetchesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Render.Gate = gate.New(1, 1<<22, 20) })
		release := m.engine.Hold("80>40")
		busy := make(chan struct{})
		go func() { defer close(busy); m.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30) }()
		synctest.Wait()
		first := m.askAll(t, 60)
		go func() { m.want(t, "cat.jpg", "41x", pipeline.Made, 41, 31) }()
		synctest.Wait()
		hold := m.engine.Hold("80>41")
		release()
		first()
		<-busy
		if m.originals.Unclosed() != 1 || m.mezzanines.Unclosed() != 0 {
			t.Errorf("%d originals are open, want that which is worked on", m.originals.Unclosed())
		}
		m.purge(t, "big.jpg")
		opens := m.origin.TotalOpens()
		hold()
		synctest.Wait()
		if m.origin.TotalOpens() != opens || m.mezzanines.Len() != 0 {
			t.Errorf("%d fetches for a mezzanine that nobody waits for", m.origin.TotalOpens()-opens)
		}
		m.engine.Want(t, "in all", "80>40", "640>60", "80>41")
		m.down()
		if _, err := m.ask(t.Context(), t, "big.jpg", "40x"); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
}

// At most 256 mezzanines are queued, one for each original.
func TestBackgroundMezzaninesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Render.Settings.MezzanineSide, c.Render.Settings.MezzanineOver = 32, 1<<12 })
		release := m.engine.Hold("90>32")
		body := picture(90, 60)
		for i := range 260 {
			key := string(pet(i))
			m.origin.Put(key, body)
			m.want(t, pet(i), "20x", pipeline.Made, 20, 13)
			m.want(t, pet(i), "21x,g_smart", pipeline.Made, 21, 14)
		}
		synctest.Wait()
		if n := m.originals.Unclosed(); n != 1 {
			t.Errorf("%d originals are open, want that which is worked on", n)
		}
		release()
		synctest.Wait()
		if n := m.mezzanines.Len(); n != 256 {
			t.Errorf("%d mezzanines, want 256 of 260", n)
		}
	})
}
