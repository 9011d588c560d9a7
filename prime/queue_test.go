package prime

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/variant"
)

// The presets of uploaded originals are made in the format that clients will get, and
// presets that are the original itself are not made.
func TestQueueOfUploads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 1)
		rules := variant.Rules{Presets: variant.Presets{}, Format: variant.JPEG}
		for _, preset := range []string{"whole=raw,v_1", "thumb=40x30,dpr_1", "save=20x,dl_a.jpg"} {
			if err := rules.Presets.Add(preset); err != nil {
				t.Fatal(err)
			}
		}
		queue := o.Engine.NewQueue(rules.AllPresets())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go queue.Run(ctx)
		queue.Add("0000.jpg")
		synctest.Wait()
		if n := o.origin.Opens("0000.jpg"); n != 1 {
			t.Errorf("the original was fetched %d times", n)
		}
		if got := o.Engine.Prime(t.Context(), "0000.jpg", o.Engine.Variants(variants(t, "40x30,f_jpeg", "20x,f_jpeg"), true)); got.Exist != 2 {
			t.Errorf("%+v", got)
		}
	})
}
