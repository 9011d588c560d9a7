package vips

import (
	"testing"
	"time"

	"github.com/h2non/bimg"
)

func TestZZ(t *testing.T) {
	e := engine(t)
	for name, src := range samples(t) {
		for i := range 12 {
			giveUp(t, e, src, i)
		}
		for range 40 {
			if m := bimg.VipsMemory(); m.Memory == 0 {
				break
			}
			time.Sleep(50*time.Millisecond)
		}
		if m := bimg.VipsMemory(); m.Memory != 0 {
			t.Logf("%s: %d in %d", name, m.Memory, m.Allocations)
		}
	}
	for range 20 {
		time.Sleep(time.Second)
		m := bimg.VipsMemory()
		t.Logf("%d in %d, %d threads", m.Memory, m.Allocations, threads(t))
	}
}
