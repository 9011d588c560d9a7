package settings

import (
	"testing"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
)

func TestShare(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	for _, c := range []struct {
		workers        int
		memory, system int64
		want           int64
	}{
		{2, 4 * gib, 64 * gib, 2 * gib},
		{2, 0, 8 * gib, 2 * gib},
		{1, 0, gib, gib / 2},
		{8, 0, gib / 2, minShare},
		{2, 0, 0, 0}, // the system does not tell
	} {
		f := WorkerFlags{Workers: c.workers, Memory: values.Budget(c.memory)}
		if got := f.shareOf(c.system); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	for _, c := range []struct {
		workers        int
		memory, system int64
		refused        bool
	}{
		{2, 128 << 20, gib, false},
		{2, 127 << 20, gib, true},
		{8, 0, gib, false},
		{9, 0, gib, true},
		{0, 0, 64 << 20, false}, // as many workers as there are CPUs
		{1000, 0, 0, false},     // the system does not tell
	} {
		f := WorkerFlags{Workers: c.workers, Memory: values.Budget(c.memory)}
		if err := f.checkShare(c.system); (err != nil) != c.refused {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if got := availableMemory(); got < gib/4 {
		t.Errorf("there are %d bytes of memory", got)
	}
}
