package storage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// A place that is back is noticed though nobody wants anything of it, also when it
// hung in between; and one that works is not asked.
func TestHeal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place, well := storagetest.NewFake(nil), storagetest.NewFake(nil)
		g, other := storage.Guard(place, storage.GuardOptions{}), storage.Guard(well, storage.GuardOptions{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { storage.Heal(ctx, g, other); close(done) }()

		place.FailAll(down(t))
		for range 5 {
			_, _ = g.Open(t.Context(), "key", storage.Version{})
		}
		time.Sleep(time.Minute)
		if !g.Down() {
			t.Error("a place that fails is not down")
		}
		release := place.Hold()
		place.FailAll(nil)
		time.Sleep(time.Minute)
		if !g.Down() {
			t.Error("a place that hangs is not down")
		}
		release()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if g.Down() {
			t.Error("that the place is back was not noticed")
		}
		if well.TotalChecks() != 0 {
			t.Errorf("a place that works was asked %d times", well.TotalChecks())
		}
		stop()
		<-done
	})
}
