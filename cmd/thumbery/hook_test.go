package main

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/variant"
)

// Of what is uploaded the presets are made as somebody will get them who asks, and
// of those that are the original nothing.
func TestPrimerOfUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, origin := fakeCore(t, 1)
		c.presets = variant.Presets{}
		for _, preset := range []string{"whole=raw,v_1", "thumb=40x30,dpr_1", "save=20x,dl_a.jpg"} {
			if err := c.presets.Add(preset); err != nil {
				t.Fatal(err)
			}
		}
		var flags serveCmd
		flags.Format = "jpeg"
		primer := flags.primer(c)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go primer.Run(ctx)
		primer.Add("0000.jpg")
		synctest.Wait()
		if n := origin.Opens("0000.jpg"); n != 1 {
			t.Errorf("the original was fetched %d times", n)
		}
		if got := c.primer.Prime(t.Context(), "0000.jpg", c.primer.Variants(wish(t, "40x30,f_jpeg", "20x,f_jpeg"), true)); got.Exist != 2 {
			t.Errorf("%+v", got)
		}
	})
}
