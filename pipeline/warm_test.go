package pipeline_test

import (
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/pipeline"
)

// A derivative on disk is brought into memory, as far as there is room.
func TestWarm(t *testing.T) {
	for name, tt := range map[string]struct {
		hotBytes int64
		cold     bool
		opens    int
		source   pipeline.Source
	}{
		"small":     {1 << 20, false, 1, pipeline.FromMemory},
		"too large": {1 << 10, false, 0, pipeline.FromDisk},
		"no memory": {0, false, 0, pipeline.FromDisk},
		"cold":      {1 << 20, true, 0, pipeline.FromDisk},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t, func(c *pipeline.Config) { c.Derivatives.MemoryBytes = tt.hotBytes })
				m.Derivatives.SetMemory(false)
				m.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
				r := m.want(t, "cat.jpg", "40x", pipeline.FromDisk, 40, 30)
				m.Derivatives.SetMemory(!tt.cold)
				before := m.derivatives.Counts().Opens
				m.Derivatives.Warm(r.Name, r.Blob.Size)
				synctest.Wait()
				if n := m.derivatives.Counts().Opens - before; n != tt.opens {
					t.Errorf("it was opened %d times, want %d", n, tt.opens)
				}
				if n, _ := m.Derivatives.MemoryStats(); n != tt.opens {
					t.Errorf("%d are in memory, want %d", n, tt.opens)
				}
				m.want(t, "cat.jpg", "40x", tt.source, 40, 30)
			})
		})
	}
}
