package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/storage"
)

// An original that was purged and fetched again may have changed: derivatives of the
// older one are not served for ever.
func TestMadeOfAnOlderOriginal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		if err := h.originals.Remove(parse(t, "40x").Original("cat.jpg")); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		replaceCat(h, 80, 20)
		h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 5)
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 10)
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 10)
		if got := h.origin.TotalOpens(); got != 2 {
			t.Errorf("the origin was asked %d times, want 2", got)
		}
	})
}

// If another process has fetched a new original into the same directory, the file
// counts, whatever is remembered.
func TestReplacedOnDiskByOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		pass(time.Hour)
		replaceCat(h, 80, 20)
		b, err := h.originals.Fill(t.Context(), parse(t, "40x").Original("cat.jpg"), bytes.NewReader(picture(80, 20)), time.Now().Truncate(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		b.Close()
		for range 2 {
			h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 5)
			h.want(t, "cat.jpg", "20x", pipeline.FromMemory, 20, 5)
			h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 10)
			if _, err := h.Forget("dog.jpg"); err != nil {
				t.Fatal(err)
			}
			if err := h.derivatives.Remove(h.Name("cat.jpg", parse(t, "20x"), 0)); err != nil {
				t.Fatal(err)
			}
			if err := h.derivatives.Remove(h.Name("cat.jpg", parse(t, "40x"), 0)); err != nil {
				t.Fatal(err)
			}
			pass(2 * time.Second)
		}
		if got := h.origin.TotalOpens(); got != 2 {
			t.Errorf("the origin was asked %d times, want 2: for the first one, and whether the second is right", got)
		}
	})
}

// A picture that is forgotten while its original is being fetched is fetched again.
func TestForgottenWhileAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 20)
		pass(25 * time.Hour)
		release := h.origin.HoldBodies()
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		pass(0) // the second one is on its way
		replaceCat(h, 80, 40)
		if _, err := h.Forget("cat.jpg"); err != nil {
			t.Fatal(err)
		}
		release()
		pass(0)
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 20)
	})
}

// lateNo answers that nothing is there, and that answer takes its time.
type lateNo struct {
	storage.Origin
	mu sync.Mutex
	no chan struct{}
}

func (l *lateNo) set(no chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.no = no
}

func (l *lateNo) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	l.mu.Lock()
	no := l.no
	l.mu.Unlock()
	if no == nil {
		return l.Origin.Open(ctx, key, have)
	}
	<-no
	return nil, storage.NotFound("fake", key)
}

// That an original does not exist does not count if the picture was forgotten since
// the origin was asked.
func TestCreatedWhileGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		origin := &lateNo{}
		h := newFixture(func(c *pipeline.Config) {
			c.Originals.Revalidate, c.Originals.NegativeTTL = 24*time.Hour, time.Minute
			origin.Origin, c.Originals.Origin = c.Originals.Origin, origin
		})
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		pass(25 * time.Hour)
		no := make(chan struct{})
		origin.set(no)
		h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
		pass(0)
		if _, err := h.Forget("cat.jpg"); err != nil {
			t.Fatal(err)
		}
		close(no)
		pass(0)
		origin.set(nil)
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
	})
}

// goroutines are those that have a stack: runtime.NumGoroutine counts some that have
// just ended, too.
func goroutines() int {
	stacks := make([]byte, 8<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("\ngoroutine "))
}

// If the origin is slow, one request waits for the revalidation; all others are served
// at once, and no goroutines pile up.
func TestOneWaitsForASlowOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		pass(8 * 24 * time.Hour)
		release := h.origin.Hold()
		before := goroutines()
		var mu sync.Mutex
		waited := 0
		var all sync.WaitGroup
		for i := range 1000 { // 100 a second
			all.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Millisecond)
				began := time.Now()
				if r, err := h.ask(t.Context(), t, "cat.jpg", "40x"); err != nil {
					t.Error(err)
				} else {
					r.Blob.Close()
				}
				mu.Lock()
				defer mu.Unlock()
				if time.Since(began) > 0 {
					waited++
				}
			})
		}
		all.Wait()
		synctest.Wait()
		if left := goroutines() - before; waited != 1 || left > 3 {
			t.Errorf("%d of 1000 hits waited, and %d goroutines are left", waited, left)
		}
		release()
		pass(0)
	})
}

// A derivative that is made because the original has changed is kept, though the
// change invalidated everything.
func TestMadeAfterTheChangeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 40)
		pass(8 * 24 * time.Hour)
		if r := h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 10); !r.Stored {
			t.Error("it was not kept")
		}
		h.want(t, "cat.jpg", "20x", pipeline.FromMemory, 20, 10)
		if h.derivatives.Len() != 1 {
			t.Errorf("%d derivatives are on disk", h.derivatives.Len())
		}
	})
}

// An origin that is down is not asked to revalidate, and the log says so once, not for
// each picture.
func TestQuietWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		origin, down := pets(300), false
		h := newFixture(func(c *pipeline.Config) {
			c.Originals.Origin, c.Originals.Revalidate, c.Log = origin, time.Hour, slog.New(slog.NewTextHandler(&log, nil))
			c.Originals.Down = func(string) bool { return down }
		})
		for i := range 300 {
			h.want(t, pet(i), "4x", pipeline.Made, 4, 3)
		}
		pass(2 * time.Hour)
		origin.FailAll(errors.New("connection refused"))
		asked := origin.TotalOpens()
		for i := range 300 {
			down = i > 20
			r, err := h.ask(t.Context(), t, pet(i), "4x")
			if err != nil || r.Stale != down {
				t.Fatalf("%d: %+v, %v", i, r, err)
			}
			r.Blob.Close()
			pass(0)
		}
		if n := origin.TotalOpens() - asked; n != 21 {
			t.Errorf("it was asked %d times", n)
		}
		if n := bytes.Count(log.Bytes(), []byte("cannot revalidate")); n != 1 {
			t.Errorf("%d warnings", n)
		}
	})
}

// Forgetting one picture leaves nearly everything that is remembered of others.
func TestForgetLeavesOthers(t *testing.T) {
	h := newFixture(remembers)
	for i := range 512 {
		if _, err := h.ask(t.Context(), t, pet(i), "40x"); !errors.Is(err, storage.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if _, err := h.Forget(pet(7)); err != nil {
		t.Fatal(err)
	}
	asked := h.origin.TotalOpens()
	for i := range 512 {
		if _, err := h.ask(t.Context(), t, pet(i), "40x"); !errors.Is(err, storage.ErrNotFound) {
			t.Fatal(err)
		}
	}
	again := h.origin.TotalOpens() - asked
	if h.origin.Opens("7.jpg") != 2 || again > 20 {
		t.Errorf("the forgotten one was asked for %d times, and %d in all again", h.origin.Opens("7.jpg"), again)
	}
}

// A derivative of an older original is served as long as no newer one can be made.
func TestOldIsBetterThanNone(t *testing.T) {
	for name, hinder := range map[string]func(*fixture) (undo func()){
		"down": func(h *fixture) func() {
			h.origin.FailAll(errors.New("connection refused"))
			return func() { h.origin.FailAll(nil) }
		},
		"read-only": func(h *fixture) func() {
			h.Originals.SetReadOnly(true)
			return func() { h.Originals.SetReadOnly(false) }
		},
		"busy": func(h *fixture) func() {
			var leaves []func()
			for range 32 {
				leave, err := h.Originals.Fetches.Enter(context.Background(), 1)
				if err != nil {
					panic(err)
				}
				leaves = append(leaves, leave)
			}
			ctx, cancel := context.WithCancel(context.Background())
			for range 100 {
				go h.Originals.Fetches.Enter(ctx, 1)
			}
			synctest.Wait()
			return func() {
				cancel()
				for _, leave := range leaves {
					leave()
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := newRevalidating()
				original := parse(t, "40x").Original("cat.jpg")
				h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
				pass(time.Hour)
				replaceCat(h, 80, 20)
				if err := h.originals.Remove(original); err != nil {
					t.Fatal(err)
				}
				// Another process, which forgets nothing here, makes one of the new one.
				other := newFixture(func(c *pipeline.Config) { c.Originals.Origin, c.Derivatives.Cache = h.origin, h.derivatives })
				other.want(t, "cat.jpg", "20x", pipeline.Made, 20, 5)

				undo := hinder(h)
				for range 3 {
					for _, ops := range []string{"40x", "20x"} {
						r, err := h.ask(t.Context(), t, "cat.jpg", ops)
						if err != nil {
							t.Fatalf("%s: %v", ops, err)
						}
						r.Blob.Close()
					}
					pass(25 * time.Hour)
				}
				if h.derivatives.Len() != 2 {
					t.Errorf("%d derivatives are left", h.derivatives.Len())
				}
				undo()
				pass(time.Hour)
				for range 3 {
					if r, err := h.ask(t.Context(), t, "cat.jpg", "40x"); err == nil {
						r.Blob.Close()
					}
					pass(time.Minute)
				}
				h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 10)
				h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 5) // forgotten with the others
			})
		})
	}
}

// An origin may have another date and ETag for the same bytes, as one that the
// store has moved to: that costs no derivative.
func TestSameBytesElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, said := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 60)
		h.origin.SetETag("cat.jpg", "another")
		pass(8 * 24 * time.Hour)
		for range 2 {
			h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
			said.want(t, "old", originals.NotModified)
			pass(8 * 24 * time.Hour)
		}
		if h.derivatives.Len() != 1 || h.origin.TotalOpens() != 3 {
			t.Errorf("%d derivatives, and %d questions", h.derivatives.Len(), h.origin.TotalOpens())
		}
	})
}

// Where there is no date to tell, the ETag does.
func TestFetchedAgainWithoutDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newRevalidating()
		h.origin.SetModTime("cat.jpg", time.Time{})
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		if err := h.originals.Remove(parse(t, "40x").Original("cat.jpg")); err != nil {
			t.Fatal(err)
		}
		h.origin.Put("cat.jpg", picture(80, 20))
		h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 5)
		h.want(t, "cat.jpg", "20x", pipeline.FromMemory, 20, 5)
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 10)
	})
}

// A disk that takes nothing and gives up nothing has the old version served, and
// the new one is not fetched for every hit.
func TestChangedOnADeadDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		replaceCat(h, 80, 20)
		for _, s := range []interface {
			FailFill(error)
			FailRemove(error)
		}{h.originals, h.derivatives} {
			s.FailFill(syscall.EROFS)
			s.FailRemove(syscall.EROFS)
		}
		pass(25 * time.Hour)
		asked := h.origin.TotalOpens()
		for range 20 {
			h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30)
			pass(time.Second)
		}
		if n := h.origin.TotalOpens() - asked; n != 1 {
			t.Errorf("the origin was asked %d times in 20 seconds", n)
		}
	})
}

// Others may keep what is being asked for as briefly as what is stale.
func TestAging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newRevalidating()
		h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
		if r := h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30); r.Revalidating {
			t.Error("young, and called aging")
		}
		pass(25 * time.Hour)
		if r := h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30); !r.Revalidating || r.Stale {
			t.Errorf("being asked for: %+v", r)
		}
		pass(0)
		if r := h.want(t, "cat.jpg", "40x", pipeline.FromMemory, 40, 30); r.Revalidating {
			t.Error("just asked for, and called aging")
		}
	})
}
