package pipeline_test

import (
	"errors"
	"image/png"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// With --on-broken=serve, neither the derivatives of a broken original nor the original
// are cached: a repaired original is served at once.
func TestServeBroken(t *testing.T) {
	lenient := func(c *pipeline.Config) { c.ServeBroken = true }
	for name, broken := range map[string]func(*fixture){
		"cut short":      func(h *fixture) { h.origin.Put("cat.jpg", picture(80, 60)[:620]) },
		"damaged inside": func(*fixture) {},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(lenient)
			broken(h)
			h.resizer.Fail, h.resizer.Half = header.ErrBroken, picture(40, 30)
			for i := range 2 {
				r := h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
				if !r.Broken || r.Stored || r.Blob.Path != "" {
					t.Errorf("time %d: %+v", i, r)
				}
			}
			if entries, _ := h.Derivatives.MemoryStats(); entries != 0 || h.derivatives.Len() != 0 || h.originals.Len() != 0 {
				t.Errorf("kept: %d in memory, %d derivatives, %d originals", entries, h.derivatives.Len(), h.originals.Len())
			}
			h.resizer.Fail, h.resizer.Half = nil, nil
			h.origin.Put("cat.jpg", picture(80, 60))
			if r := h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30); r.Broken || !r.Stored {
				t.Errorf("mended: %+v", r)
			}
		})
	}
}

// Nothing comes of what has not even a header, of a resize that gives nothing,
// and of any of it where it is not wanted.
func TestRefuseBroken(t *testing.T) {
	tests := []struct {
		name    string
		key     variant.Key
		lenient bool
		half    []byte
	}{
		{"empty", "empty.jpg", true, picture(40, 30)},
		{"a resize that gives nothing", "cat.jpg", true, nil},
		{"by default", "cat.jpg", false, picture(40, 30)},
		{"cut short, by default", "broken.jpg", false, picture(40, 30)},
	}
	for _, tt := range tests {
		h := newFixture(func(c *pipeline.Config) { c.ServeBroken = tt.lenient })
		h.resizer.Fail, h.resizer.Half = header.ErrBroken, tt.half
		if r, err := h.ask(t.Context(), t, tt.key, "40x30"); !errors.Is(err, header.ErrBroken) {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
		if h.originals.Len() != 0 {
			t.Errorf("%s: the original is kept", tt.name)
		}
	}
}

// A resize that takes too long is ended, and its place is free.
func TestResizeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture(func(c *pipeline.Config) { c.Render.Timeout = 7 * time.Second })
		h.resizer.Block = make(chan struct{})
		for _, ops := range []string{"40x30", "40x30,g_smart", "info"} {
			began := time.Now()
			r, err := h.ask(t.Context(), t, "cat.jpg", ops)
			if !errors.Is(err, resize.ErrTooSlow) || time.Since(began) != 7*time.Second {
				t.Errorf("%s: %+v, %v after %v", ops, r, err, time.Since(began))
			}
			if running, waiting := h.Render.Gate.Load(); running+waiting != 0 {
				t.Errorf("%s: %d run and %d wait", ops, running, waiting)
			}
		}
		if h.derivatives.Len() != 0 {
			t.Error("something was kept")
		}
	})
}

// The fetch has a limit of its own; all that is done with the original has one together.
func TestOneLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := newFixture(func(c *pipeline.Config) {
			drawing := header.Header{Format: variant.SVG, Width: 80, Height: 60, Orientation: 1, Pages: 1, Depth: 8}
			c.Render.Resizer = &resizetest.Fake{Probed: drawing, Block: release}
			c.Render.Timeout = 7 * time.Second
		})
		h.origin.Put("drawing.svg", []byte("<svg/>"))
		time.AfterFunc(30*time.Second, h.origin.Hold())
		time.AfterFunc(35*time.Second, func() { release <- struct{}{} }) // it was probed
		began := time.Now()
		if _, err := h.ask(t.Context(), t, "drawing.svg", "40x30"); !errors.Is(err, resize.ErrTooSlow) || time.Since(began) != 37*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// Options that depend on pixels look at the picture first, once: trim and g_smart.
func TestLook(t *testing.T) {
	h := newFixture()
	h.resizer.Inner = resize.Rect{Left: 10, Top: 10, Width: 20, Height: 40}
	h.want(t, "cat.jpg", "trim", pipeline.Made, 20, 40)
	h.want(t, "cat.jpg", "trim", pipeline.FromMemory, 20, 40)
	h.want(t, "cat.jpg", "20x20,g_smart", pipeline.Made, 20, 20)
	h.want(t, "cat.jpg", "20x20,g_ne", pipeline.Made, 20, 20)
	if got := h.resizer.Looks(); got != 2 {
		t.Errorf("looked %d times, want 2", got)
	}
	// The result for the found rectangle can be above the pixel limit.
	h.resizer.Inner = resize.Rect{Width: 1, Height: 60}
	if _, err := h.ask(t.Context(), t, "cat.jpg", "1000x,up_1,trim_20"); !errors.Is(err, header.ErrTooLarge) {
		t.Errorf("a result of 1000x60000: %v", err)
	}
}

// The type is that of the bytes, whatever was planned: f_auto may give either of
// two.
func TestMediaTypeIsThatOfTheBytes(t *testing.T) {
	formats := []variant.Format{variant.JPEG, variant.PNG, variant.WebP}
	h := newFixture(func(c *pipeline.Config) {
		c.Render.Settings.CanWrite = func(f variant.Format) bool { return f <= variant.WebP }
	})
	h.resizer.Formats = formats
	key, v := variant.Key("cat.jpg"), parse(t, "40x30,f_auto")
	for _, want := range []pipeline.Source{pipeline.Made, pipeline.FromMemory} {
		r, err := h.Picture(t.Context(), key, v, variant.AcceptWebP) // the fake writes PNG for it
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.DecodeConfig(r.Blob.Content()); err != nil || r.MediaType != "image/png" || r.Source != want {
			t.Errorf("%s from %d, %v", r.MediaType, r.Source, err)
		}
		r.Blob.Close()
	}
	located, ok := h.Locate(t.Context(), key, v, h.Name(key, v, variant.AcceptWebP))
	if !ok || located.MediaType != "image/png" {
		t.Errorf("located: %+v", located)
	}
	located.Blob.Close()
}

// Watermarks that look different have different names.
func TestWatermarkNames(t *testing.T) {
	name := func(ops, logo string) variant.Name {
		h := newFixture(func(c *pipeline.Config) { c.Render.Settings.Watermarks = map[string]string{"logo": logo} })
		return h.Name("cat.jpg", parse(t, ops), 0)
	}
	if name("40x,wm_logo", "1") == name("40x,wm_logo", "2") {
		t.Error("another watermark has the same name")
	}
	if name("40x", "1") != name("40x", "2") {
		t.Error("a watermark changes pictures without one")
	}
}

// Pictures of nothing but a wish to be large are refused before they cost.
func TestPlanComesBeforeTheGate(t *testing.T) {
	h := newFixture()
	h.origin.Put("line.jpg", picture(200, 1))
	if _, err := h.ask(t.Context(), t, "line.jpg", "page_2"); !errors.Is(err, variant.ErrOptions) {
		t.Errorf("page 2 of 1: %v", err)
	}
	if _, err := h.ask(t.Context(), t, "line.jpg", "wm_logo"); !errors.Is(err, variant.ErrOptions) {
		t.Errorf("an unknown watermark: %v", err)
	}
	if h.resizer.Calls() != 0 {
		t.Error("the engine was asked")
	}
}
