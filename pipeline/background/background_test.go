package background_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/pipeline/background"
)

// At most the limit at once, one for each name; what is over makes room, also after a
// panic.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := background.NewQueue(2)
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		work := func(ctx context.Context) {
			<-release
			if ctx.Err() != nil {
				t.Error("the work ends with its request")
			}
			panic("after it")
		}
		for _, step := range []struct {
			name  string
			begun bool
		}{{"a", true}, {"a", false}, {"b", true}, {"c", false}} {
			if begun := q.Go(ctx, step.name, work); begun != step.begun {
				t.Errorf("%s: begun %t, want %t", step.name, begun, step.begun)
			}
		}
		cancel()
		q.Wait(ctx, "a") // with ctx
		q.Wait(t.Context(), "c")
		waited := make(chan struct{})
		go func() { defer close(waited); q.Wait(t.Context(), "a") }()
		synctest.Wait()
		select {
		case <-waited:
			t.Error("the work is not over")
		default:
		}
		close(release)
		<-waited
		synctest.Wait()
		if !q.Go(t.Context(), "a", func(context.Context) {}) || !q.Go(t.Context(), "c", func(context.Context) {}) {
			t.Error("there is no room when all is over")
		}
		synctest.Wait()
	})
}
