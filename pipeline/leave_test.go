package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/variant"
)

// client is a request of somebody who leaves before it is answered.
type client struct {
	leave func()
	left  chan error
}

// visit begins a request, and returns when it can get no further.
func (m *largeFixture) visit(t *testing.T, key variant.Key, ops string) client {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	c := client{leave, make(chan error, 1)}
	v := parse(t, ops)
	go func() {
		r, err := m.Picture(ctx, key, v, 0)
		if err == nil {
			r.Blob.Close()
		}
		c.left <- err
	}()
	synctest.Wait()
	return c
}

// idle fails the test unless no work is running or queued, at the time since.
func (m *largeFixture) idle(t *testing.T, when string, since time.Time) {
	t.Helper()
	synctest.Wait()
	running, waiting := m.Render.Gate.Load()
	fetching, queued := m.Originals.Fetches.Load()
	inspecting, lined := m.Render.Inspections.Load()
	if all := []int{running, waiting, fetching, queued, inspecting, lined}; slices.Max(all) > 0 || !time.Now().Equal(since) {
		t.Errorf("%s: %v run and wait, after %v", when, all, time.Since(since))
	}
}

// When a client leaves, the work for its request ends in every phase, and nothing is
// cached.
func TestWorkEndsWithItsClient(t *testing.T) {
	full := func(g *gate.Gate, by int) func(t *testing.T, m *largeFixture) func() {
		return func(t *testing.T, _ *largeFixture) func() {
			var leaves []func()
			for range by {
				leave, err := g.Enter(t.Context(), 1)
				if err != nil {
					t.Fatal(err)
				}
				leaves = append(leaves, leave)
			}
			return func() {
				for _, leave := range leaves {
					leave()
				}
			}
		}
	}
	stages := []struct {
		name string
		at   func(t *testing.T, m *largeFixture) (release func())
	}{
		{"waits to fetch", func(t *testing.T, m *largeFixture) func() { return full(m.Originals.Fetches, 32)(t, m) }},
		{"waits for the origin", func(_ *testing.T, m *largeFixture) func() { return m.origin.Hold() }},
		{"waits for a body", func(_ *testing.T, m *largeFixture) func() { return m.origin.HoldBodies() }},
		{"waits to inspect", func(t *testing.T, m *largeFixture) func() { return full(m.Render.Inspections, 2)(t, m) }},
		{"waits for a worker", func(t *testing.T, m *largeFixture) func() { return full(m.Render.Gate, 2)(t, m) }},
		{"works", func(_ *testing.T, m *largeFixture) func() {
			held := make(chan struct{})
			m.engine.Block = held
			return func() { close(held) }
		}},
	}
	for _, stage := range stages {
		for _, ops := range []string{"300x", "60x", "60x60,g_smart", "info", "f_auto"} {
			t.Run(stage.name+"/"+ops, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newLargeFixture(t)
					release := stage.at(t, m)
					c := m.visit(t, "big.jpg", ops)
					began := time.Now()
					c.leave()
					if err := <-c.left; !errors.Is(err, context.Canceled) {
						t.Errorf("it was not under way: %v", err)
					}
					synctest.Wait()
					release()
					m.idle(t, "when the client has left", began)
					if n := m.derivatives.Len() + m.mezzanines.Len(); n > 0 {
						t.Errorf("%d files were made", n)
					}
				})
			})
		}
	}
}

// If the client that waits for a revalidation leaves, the revalidation ends. The next
// request begins one at once.
func TestLeftWhileRevalidating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		m := &largeFixture{fixture: h}
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 20)
		pass(8 * 24 * time.Hour)
		release := h.origin.Hold()
		c := m.visit(t, "cat.jpg", "40x")
		if running, _ := h.Originals.Fetches.Load(); running != 1 {
			t.Errorf("%d fetches while a client waits", running)
		}
		c.leave()
		<-c.left
		m.idle(t, "when it has left", time.Now())
		said.want(t, "left")
		release()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 10)
		said.want(t, "asked again", originals.Modified)
	})
}
