package vips

import (
	"context"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// FuzzScans: libjpeg decodes the scans that are needed wherever it decodes all.
func FuzzScans(f *testing.F) {
	for _, src := range scripts(f) {
		f.Add(src, byte(1))
		f.Add(src, byte(2))
	}
	f.Fuzz(func(t *testing.T, src []byte, shrink byte) {
		h, err := inspect(defaultEngine(t), src, 1)
		n := 4 << (shrink % 3) // as much is reduced
		if err != nil || h.Format != variant.JPEG || h.Pixels() > 1<<18 || min(h.Width, h.Height) < n {
			return
		}
		w, y := h.Width/n, h.Height/n
		p := resize.Plan{
			Frames: 1, ScaledW: w, ScaledH: y, Cut: resize.Rect{Width: w, Height: y}, CanvasW: w, CanvasH: y,
			Output: resize.Output{Format: variant.PNG},
		}
		with := func(e *Engine) error {
			_, err := e.Resize(context.Background(), resize.InMemory(src), h, p)
			return err
		}
		if with(allScans(t)) == nil {
			if err := with(defaultEngine(t)); err != nil {
				t.Error(err)
			}
		}
	})
}
