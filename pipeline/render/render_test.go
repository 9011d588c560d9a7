package render_test

import (
	"context"
	"errors"
	"image"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

var photo = header.Header{Format: variant.JPEG, Width: 80, Height: 60, Orientation: 1, Pages: 1, Depth: 8}

// observed counts what the Observer is told.
type observed struct {
	mu              sync.Mutex
	resized, failed int
}

func (*observed) Step(ctx context.Context, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}

func (o *observed) Resized(_ render.Input, _ time.Duration, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.resized++
	if err != nil {
		o.failed++
	}
}

// engine is an Engine on a fake, which counts what was closed.
type engine struct {
	*render.Engine
	resizer  *resizetest.Fake
	observed observed
	done     atomic.Int64
}

func newEngine() *engine {
	e := &engine{resizer: &resizetest.Fake{}}
	e.startWith(gate.New(1, 1<<20, 1))
	return e
}

// startWith makes the Engine anew, after the resizer was changed.
func (e *engine) startWith(g *gate.Gate) {
	e.Engine = render.New(render.Config{
		Resizer: e.resizer, Gate: g, Settings: resize.Settings{MaxPixels: 1 << 20},
		Timeout: time.Minute, Observer: &e.observed, Now: time.Now,
	})
}

func (e *engine) source() (resize.Source, func(error) error, error) {
	return resize.InMemory(resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60)))), func(err error) error { e.done.Add(1); return err }, nil
}

func (e *engine) job(t *testing.T, ops string) render.Job {
	t.Helper()
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := e.Plan(photo, v, 0)
	if err != nil {
		t.Fatal(err)
	}
	return render.Job{Variant: v, Header: photo, Plan: plan, Source: e.source}
}

// A plan that depends on the pixels takes two admissions; each closes its source, and is
// reported unless it is background work.
func TestRender(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ops        string
		background bool
		mediaType  string
		steps      []string
		resized    int
	}{
		{"40x", false, "image/jpeg", []string{"queue", "resize"}, 1},
		{"40x", true, "image/jpeg", []string{"queue", "resize"}, 0},
		{"40x,trim", false, "image/jpeg", []string{"queue", "look", "queue", "resize"}, 2},
		{"info", false, "application/json", []string{"queue", "resize"}, 1},
	} {
		e := newEngine()
		e.resizer.Inner = resize.Rect{Width: 80, Height: 60}
		j := e.job(t, tt.ops)
		j.Background = tt.background
		p, err := e.Render(t.Context(), j)
		if err != nil || p.MediaType != tt.mediaType || len(p.Data) == 0 || len(p.Steps) != len(tt.steps) {
			t.Errorf("%s: %s of %d bytes, %v, %v", tt.ops, p.MediaType, len(p.Data), p.Steps, err)
			continue
		}
		for i, step := range tt.steps {
			if p.Steps[i].Name != step {
				t.Errorf("%s: the steps are %v", tt.ops, p.Steps)
			}
		}
		if e.observed.resized != tt.resized || e.done.Load() != int64(len(tt.steps)/2) {
			t.Errorf("%s: reported %+v, closed %d", tt.ops, &e.observed, e.done.Load())
		}
	}
}

// Rendering that takes too long is stopped, and its error differs from that of a client
// that has left.
func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.resizer.Block = make(chan struct{})
		began := time.Now()
		if _, err := e.Render(t.Context(), e.job(t, "40x")); !errors.Is(err, resize.ErrTooSlow) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if _, err := e.Render(ctx, e.job(t, "40x")); !errors.Is(err, context.Canceled) {
			t.Errorf("left: %v", err)
		}
		if running, _ := e.Gate.Load(); running != 0 || e.done.Load() != 2 || e.observed.failed != 2 {
			t.Errorf("%d are running, %d closed, %+v", running, e.done.Load(), &e.observed)
		}
	})
}

// A source that cannot be read fails the job before the engine works.
func TestSourceFails(t *testing.T) {
	t.Parallel()
	e := newEngine()
	sad := errors.New("sad")
	j := e.job(t, "40x")
	j.Source = func() (resize.Source, func(error) error, error) { return resize.Source{}, nil, sad }
	if _, err := e.Render(t.Context(), j); err != sad || e.resizer.Calls() != 0 {
		t.Errorf("%v, %d calls", err, e.resizer.Calls())
	}
	if running, _ := e.Gate.Load(); running != 0 {
		t.Errorf("%d are running", running)
	}
}

// A batch is as long as its source leaves it.
func TestRenderBatch(t *testing.T) {
	t.Parallel()
	e := newEngine()
	plans := []resize.Plan{e.job(t, "40x").Plan, e.job(t, "20x").Plan}
	for left := range 3 {
		b := &render.Batch{Header: photo, Plans: plans}
		b.Source = func() (resize.Source, func(error) error, error) {
			b.Plans = b.Plans[:left]
			return e.source()
		}
		made := 0
		if _, err := e.RenderBatch(t.Context(), b, func(i int, data []byte, err error) {
			if err != nil || len(data) == 0 || i >= left {
				t.Errorf("%d of %d: %d bytes, %v", i, left, len(data), err)
			}
			made++
		}); err != nil || made != left {
			t.Errorf("%d of %d, %v", made, left, err)
		}
	}
	if e.observed.resized != 0 {
		t.Errorf("background work is reported: %+v", &e.observed)
	}
}
