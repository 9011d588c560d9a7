package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// onFiles is a store whose Blobs are files, which cannot be read once they are closed.
type onFiles struct {
	*cachetest.Fake
	t *testing.T
}

func (s onFiles) file(b *cache.Blob, err error) (*cache.Blob, error) {
	if err != nil {
		return nil, err
	}
	data, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	name := filepath.Join(s.t.TempDir(), "original")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return cache.OnDisk(f, b.Size, b.ModTime, "original"), nil
}

func (s onFiles) Open(name variant.Name) (*cache.Blob, error) { return s.file(s.Fake.Open(name)) }
func (s onFiles) Peek(name variant.Name) (*cache.Blob, error) { return s.file(s.Fake.Peek(name)) }

// inspecting is a fixture with pictures on files, of which nothing is inspected until
// release is called.
func inspecting(t *testing.T) (h *fixture, release func()) {
	t.Helper()
	h = newFixture(func(c *pipeline.Config) { c.Originals.Cache = onFiles{c.Originals.Cache.(*cachetest.Fake), t} })
	var leaves []func()
	for range 2 { // as many as there are workers
		leave, err := h.Render.Inspections.Enter(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	return h, func() {
		for _, leave := range leaves {
			leave()
		}
	}
}

// wantLined checks how many inspections are queued.
func wantLined(t *testing.T, h *fixture, want int) {
	t.Helper()
	synctest.Wait()
	if _, waiting := h.Render.Inspections.Load(); waiting != want {
		t.Errorf("%d inspections wait, want %d", waiting, want)
	}
}

// Simultaneous requests for sizes of one original have it inspected once. The first
// may leave, and close the file that it has opened; the inspection ends with the last.
func TestInspectedOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := inspecting(t)
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := h.ask(ctx, t, "cat.jpg", "10x"); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
		wantLined(t, h, 1)
		for i := range 8 {
			all.Go(func() { h.want(t, "cat.jpg", fmt.Sprintf("%dx", 20+4*i), pipeline.Made, 20+4*i, 15+3*i) })
		}
		wantLined(t, h, 1)
		leave()
		wantLined(t, h, 1)
		release()
		all.Wait()
		if running, waiting := h.Render.Inspections.Load(); running+waiting != 0 {
			t.Errorf("%d are inspected and %d wait", running, waiting)
		}
		h.want(t, "cat.jpg", "16x", pipeline.Made, 16, 12) // by the header that is known
	})
}

func TestInspectionEndsWithTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := inspecting(t)
		ctx, leave := context.WithCancel(t.Context())
		for i := range 4 {
			go func() {
				if _, err := h.ask(ctx, t, "cat.jpg", fmt.Sprintf("%dx", 10+i)); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}()
		}
		wantLined(t, h, 1)
		leave()
		wantLined(t, h, 0)
		release()
		synctest.Wait()
		h.want(t, "cat.jpg", "16x", pipeline.Made, 16, 12)
	})
}

// A probe is for all who wait for it: it goes on while one of them is left, and ends with
// the last.
func TestProbeEndsWithTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture(func(c *pipeline.Config) {
			fake := c.Render.Resizer.(*resizetest.Fake)
			fake.Block = make(chan struct{})
			fake.Probed = header.Header{Format: variant.SVG, Width: 80, Height: 60, Orientation: 1, Pages: 1, Depth: 8}
		})
		h.origin.Put("a.svg", []byte("<svg/>"))
		var leaves []func()
		left := make(chan error, 2)
		for i := range 2 {
			ctx, leave := context.WithCancel(t.Context())
			leaves = append(leaves, leave)
			go func() {
				_, err := h.ask(ctx, t, "a.svg", fmt.Sprintf("%dx", 10+i))
				left <- err
			}()
		}
		for i, want := range []int{1, 0} {
			synctest.Wait()
			leaves[i]()
			if err := <-left; !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
			synctest.Wait()
			if running, _ := h.Render.Gate.Load(); running != want {
				t.Errorf("%d probes when %d have left, want %d", running, i+1, want)
			}
		}
	})
}

// Inspections of different originals line up, and beyond the queue are refused; what
// is background work has a queue of its own. Pages are inspected each by itself.
func TestInspectionsLineUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := inspecting(t)
		var all sync.WaitGroup
		all.Go(func() { h.Prime(t.Context(), "dog.jpg", []prime.Variant{{Variant: parse(t, "10x")}}) })
		wantLined(t, h, 0)
		for i := range 8 {
			h.origin.Put(fmt.Sprintf("%d.jpg", i), picture(80, 60))
			all.Go(func() { h.want(t, pet(i), "40x", pipeline.Made, 40, 30) })
		}
		wantLined(t, h, 8)
		if _, err := h.ask(t.Context(), t, "cat.jpg", "page_2"); !errors.Is(err, gate.ErrBusy) {
			t.Errorf("beyond the queue: %v", err)
		}
		release()
		all.Wait()
		if h.derivatives.Len() != 9 {
			t.Errorf("%d derivatives, want 9", h.derivatives.Len())
		}
	})
}

// An original whose format is not read is not even queued, and stays cached.
func TestNotReadDoesNotLineUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := inspecting(t)
		defer release()
		for name, body := range map[string]string{
			"a.gif": "GIF89a, and then whatever it may be", "a.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>", "text.jpg": "this is a text, and no picture", "short.jpg": "x",
		} {
			h.origin.Put(name, []byte(body))
			for range 2 {
				if _, err := h.ask(t.Context(), t, variant.Key(name), "10x"); !errors.Is(err, header.ErrNotPicture) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if h.origin.Opens(name) != 1 {
				t.Errorf("%s was fetched %d times", name, h.origin.Opens(name))
			}
		}
		wantLined(t, h, 0)
	})
}

// vanishing is a store that loses what is opened, as a purge does.
type vanishing struct{ onFiles }

func (s vanishing) Peek(variant.Name) (*cache.Blob, error) { return nil, cache.ErrMiss }

// An original that has gone from the disk is inspected all the same by those who have
// it open, in their turn.
func TestInspectedAlthoughPurged(t *testing.T) {
	h := newFixture(func(c *pipeline.Config) {
		c.Originals.Cache = vanishing{onFiles{c.Originals.Cache.(*cachetest.Fake), t}}
	})
	h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
	if running, waiting := h.Render.Inspections.Load(); running+waiting != 0 {
		t.Errorf("%d are inspected and %d wait", running, waiting)
	}
}
