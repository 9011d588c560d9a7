package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/info"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// describe asks for JSON about a picture and checks where it came from.
func (h *fixture) describe(t *testing.T, key variant.Key, ops string, source pipeline.Source) info.Document {
	t.Helper()
	r, err := h.ask(t.Context(), t, key, ops)
	if err != nil {
		t.Fatalf("%s of %s: %v", ops, key, err)
	}
	defer r.Blob.Close()
	body, err := io.ReadAll(r.Blob.Content())
	if err != nil {
		t.Fatal(err)
	}
	var d info.Document
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if r.Source != source || r.MediaType != "application/json" || !r.Stored {
		t.Errorf("%s of %s: source %d %s, want %d application/json", ops, key, r.Source, r.MediaType, source)
	}
	return d
}

// JSON goes through the same tiers as pictures.
func TestInfoTiers(t *testing.T) {
	h := newFixture()
	d := h.describe(t, "cat.jpg", "info", pipeline.Made)
	if d.Width != 80 || d.Height != 60 || d.Bytes != int64(len(picture(80, 60))) || d.Average != "#000000" {
		t.Errorf("described as %+v", d)
	}
	h.describe(t, "cat.jpg", "info", pipeline.FromMemory)
	h.describe(t, "cat.jpg", "info_gps", pipeline.Made)
	h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
	if got := h.origin.TotalOpens(); got != 1 {
		t.Errorf("the origin was asked %d times, want once", got)
	}

	cold := newFixture(func(c *pipeline.Config) { c.Derivatives.Cache = h.derivatives })
	cold.describe(t, "cat.jpg", "info", pipeline.FromDisk)
	cold.describe(t, "cat.jpg", "info", pipeline.FromMemory)
	if cold.origin.TotalOpens() != 0 || cold.resizer.Calls() != 0 {
		t.Error("a hit on disk asked the origin or the resizer")
	}
	located, ok := cold.Locate(t.Context(), "cat.jpg", parse(t, "info"), cold.Name("cat.jpg", parse(t, "info"), 0))
	if !ok || located.MediaType != "application/json" {
		t.Errorf("located as %+v", located)
	}

	if f, err := h.Forget("cat.jpg"); f.Derivatives != 3 || f.Memory != 3 || err != nil {
		t.Errorf("forgot %+v, %v", f, err)
	}
	h.describe(t, "cat.jpg", "info", pipeline.Made)
	if got := h.origin.TotalOpens(); got != 2 {
		t.Errorf("the origin was asked %d times, want twice", got)
	}
}

func TestInfoErrors(t *testing.T) {
	for key, kind := range map[variant.Key]error{
		"text.jpg": header.ErrNotPicture, "broken.jpg": header.ErrBroken, "empty.jpg": header.ErrBroken,
	} {
		h := newFixture()
		for range 2 {
			if _, err := h.ask(t.Context(), t, key, "info"); !errors.Is(err, kind) {
				t.Errorf("%s: %v, want %v", key, err, kind)
			}
		}
		if h.derivatives.Len() != 0 {
			t.Errorf("%s: something is kept", key)
		}
	}
	h := newFixture(func(c *pipeline.Config) { c.Render.Settings.MaxPixels = 80*60 - 1 })
	if _, err := h.ask(t.Context(), t, "cat.jpg", "info"); !errors.Is(err, header.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	// The engine calls broken what the header did not show.
	h = newFixture()
	h.resizer.Fail = header.ErrBroken
	if _, err := h.ask(t.Context(), t, "cat.jpg", "info"); !errors.Is(err, header.ErrBroken) || h.originals.Len() != 0 {
		t.Errorf("damaged inside: %v, and %d originals are kept", err, h.originals.Len())
	}
}

// JSON is made once for all who ask, in its turn, and in time.
func TestInfoIsMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture()
		release := h.origin.Hold()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { h.ask(t.Context(), t, "cat.jpg", "info") })
		}
		synctest.Wait()
		release()
		all.Wait()
		if h.resizer.Calls() != 2 || h.origin.TotalOpens() != 1 {
			t.Errorf("%d resizes and %d fetches", h.resizer.Calls(), h.origin.TotalOpens())
		}

		h = newFixture()
		h.resizer.Block = make(chan struct{})
		began := time.Now()
		_, err := h.ask(t.Context(), t, "cat.jpg", "info")
		if !errors.Is(err, resize.ErrTooSlow) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v, want too slow after a minute", err, time.Since(began))
		}
		if running, _ := h.Render.Gate.Load(); running != 0 {
			t.Error("its place is not free again")
		}
		ctx, leave := context.WithCancel(t.Context())
		leave()
		if _, err := h.ask(ctx, t, "cat.jpg", "info"); !errors.Is(err, context.Canceled) {
			t.Errorf("who has left gets %v", err)
		}
	})
}
