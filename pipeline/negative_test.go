package pipeline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/storage"
)

func remembers(c *pipeline.Config) { c.Originals.NegativeTTL = time.Minute }

// That an original does not exist is remembered for a while, and until it is
// forgotten.
func TestAbsentIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture(remembers)
		absent := func(opens int) {
			t.Helper()
			for range 3 {
				if _, err := h.ask(t.Context(), t, "new.jpg", "40x"); !errors.Is(err, storage.ErrNotFound) {
					t.Fatal(err)
				}
			}
			if got := h.origin.Opens("new.jpg"); got != opens {
				t.Errorf("the origin was asked %d times, want %d", got, opens)
			}
		}
		absent(1)
		time.Sleep(59 * time.Second)
		absent(1)
		time.Sleep(2 * time.Second)
		absent(2)
		if h.Originals.Absent() != 1 {
			t.Errorf("%d are remembered", h.Originals.Absent())
		}

		// Another cache buster is another question.
		if _, err := h.ask(t.Context(), t, "new.jpg", "40x,v_2"); !errors.Is(err, storage.ErrNotFound) || h.origin.Opens("new.jpg") != 3 {
			t.Errorf("%v, asked %d times", err, h.origin.Opens("new.jpg"))
		}
		h.origin.Put("new.jpg", picture(80, 60))
		if _, err := h.Forget("new.jpg"); err != nil {
			t.Fatal(err)
		}
		h.want(t, "new.jpg", "40x", pipeline.Made, 40, 30)
		h.want(t, "new.jpg", "40x,v_2", pipeline.Made, 40, 30)
	})
}

// An origin that cannot answer has not said that the original does not exist. An
// original that was uploaded while the origin was asked exists.
func TestNotAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture(remembers)
		for _, err := range []error{
			errors.New("connection refused"), storage.Unavailable(context.Background(), "fake", errors.New("no route")),
			errors.Join(storage.ErrNotFound, storage.ErrUnavailable),
		} {
			h.origin.FailAll(err)
			if _, err := h.ask(t.Context(), t, "cat.jpg", "40x"); err == nil {
				t.Error("no error")
			}
		}
		h.origin.FailAll(nil)
		if h.Originals.Absent() != 0 {
			t.Errorf("%d are remembered", h.Originals.Absent())
		}

		release := h.origin.Hold()
		asked := make(chan error)
		go func() { _, err := h.ask(t.Context(), t, "new.jpg", "40x"); asked <- err }()
		synctest.Wait()
		if _, err := h.Forget("new.jpg"); err != nil {
			t.Fatal(err)
		}
		release()
		if err := <-asked; !errors.Is(err, storage.ErrNotFound) {
			t.Error(err)
		}
		h.origin.Put("new.jpg", picture(80, 60))
		h.want(t, "new.jpg", "40x", pipeline.Made, 40, 30)
	})
}
