package render_test

import (
	"context"
	"errors"
	"image"
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

var svg = header.Header{Format: variant.SVG, Width: 30, Height: 20, Orientation: 1, Pages: 1, Depth: 8}

// inspector is an engine that has svg probed, and whose queues have no room.
func inspector(block <-chan struct{}) *render.Engine {
	return render.New(render.Config{
		Resizer: &resizetest.Fake{Probed: svg, Block: block}, Gate: gate.New(1, 0, 0), Timeout: time.Minute, Now: time.Now,
	})
}

// The header of a drawing takes a worker for pictures, and that of a photograph does not.
// What is not read is refused although all are busy.
func TestInspect(t *testing.T) {
	t.Parallel()
	photograph := string(resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60))))
	pictures := func(e *render.Engine) *gate.Gate { return e.Gate }
	inspections := func(e *render.Engine) *gate.Gate { return e.Inspections }
	for name, tt := range map[string]struct {
		src  string
		busy func(*render.Engine) *gate.Gate
		want int // width
		err  error
	}{
		"a drawing beside photographs":   {"<svg/>", inspections, 30, nil},
		"a drawing too many":             {"<svg/>", pictures, 0, gate.ErrBusy},
		"a photograph beside drawings":   {photograph, pictures, 80, nil},
		"a photograph too many":          {photograph, inspections, 0, gate.ErrBusy},
		"a text":                         {"this is a text", inspections, 0, header.ErrNotPicture},
		"a format that the engine lacks": {"%PDF-1.4", pictures, 0, header.ErrNotPicture},
	} {
		e := inspector(nil)
		if _, err := tt.busy(e).Enter(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		h, err := e.Inspect(t.Context(), resize.InMemory([]byte(tt.src)), 1, false)
		if h.Width != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

// Drawings, however small, never have all workers, neither to probe nor to render them.
func TestDrawingsAreHeavy(t *testing.T) {
	t.Parallel()
	for _, pixels := range []int64{1 << 20, 1 << 40} {
		synctest.Test(t, func(t *testing.T) {
			e := newEngine()
			e.resizer.Probed, e.resizer.Block = svg, make(chan struct{})
			e.startWith(gate.New(3, pixels, 9))
			ctx, leave := context.WithCancel(t.Context())
			j := e.job(t, "10x")
			j.Header = svg
			for range 3 {
				go e.Render(ctx, j)
				go e.Inspect(ctx, resize.InMemory([]byte("<svg/>")), 1, false)
			}
			synctest.Wait()
			if running, queued := e.Gate.Load(); running != 2 || queued != 4 {
				t.Errorf("of %d: %d are running, and %d queued", pixels, running, queued)
			}
			leave()
			synctest.Wait()
		})
	}
}

// A probe has as much time as a picture, and ends with its client.
func TestProbeEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := inspector(make(chan struct{}))
		began := time.Now()
		if _, err := e.Inspect(t.Context(), resize.InMemory([]byte("<svg/>")), 1, true); !errors.Is(err, resize.ErrTooSlow) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if _, err := e.Inspect(ctx, resize.InMemory([]byte("<svg/>")), 1, false); !errors.Is(err, context.Canceled) {
			t.Errorf("left: %v", err)
		}
		if running, _ := e.Gate.Load(); running != 0 {
			t.Errorf("%d are running", running)
		}
	})
}
