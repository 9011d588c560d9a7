package settings

import (
	"testing"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
)

func TestShare(t *testing.T) {
	t.Parallel()
	const gib, refused = 1 << 30, -1
	for _, c := range []struct {
		workers        int
		memory, system int64
		want           int64 // 0 where the system does not tell, refused if less than that
	}{
		{2, 4 * gib, 64 * gib, 2 * gib},
		{2, 0, 8 * gib, 2 * gib},
		{1, 0, gib, gib / 2},
		{2, 0, 0, 0},
		{1000, 0, 0, 0},
		{2, 128 << 20, gib, minShare},
		{2, 127 << 20, gib, refused},
		{8, 0, gib, minShare},
		{9, 0, gib, refused},
		{0, 0, 64 << 20, minShare}, // as many workers as there are CPUs
	} {
		f := WorkerFlags{Workers: c.workers, Memory: values.Budget(c.memory)}
		if got, err := f.shareOf(c.system); err == nil && got != c.want || (err != nil) != (c.want == refused) || err != nil && !exit.IsUsage(err) {
			t.Errorf("%+v: %d, %v", c, got, err)
		}
	}
	if got := availableMemory(); got < gib/4 {
		t.Errorf("there are %d bytes of memory", got)
	}
}
