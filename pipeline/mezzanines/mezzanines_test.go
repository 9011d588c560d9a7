package mezzanines_test

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

var id = originals.ID{Key: "big.jpg"}

type silent struct{}

func (silent) Step(ctx context.Context, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}

func (silent) Fetched(time.Duration, int64, error) {}

func (silent) Revalidated(originals.Freshness) {}

func (silent) Resized(render.Input, time.Duration, error) {}

// store is a Store on fakes.
type store struct {
	*mezzanines.Store
	originals *originals.Store
	resizer   *resizetest.Fake
	gate      *gate.Gate
	epochs    *cache.Epochs
	files     *cachetest.Fake
}

func newStore() *store {
	s := &store{resizer: &resizetest.Fake{}, gate: gate.New(1, 1<<22, 1), epochs: new(cache.Epochs), files: cachetest.NewFake()}
	log := slog.New(slog.DiscardHandler)
	engine := render.New(render.Config{
		Resizer: s.resizer, Gate: s.gate, Timeout: time.Minute, Observer: silent{}, Now: time.Now,
		Settings: resize.Settings{MaxPixels: 1 << 22, MezzanineSide: 200, MezzanineOver: 1 << 16},
	})
	s.originals = originals.New(originals.Config{
		Origin: storagetest.NewFake(map[string][]byte{"big.jpg": resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 640, 480)))}),
		Cache:  cachetest.NewFake(), Fetches: gate.New(4, 0, 4), MaxBytes: 1 << 20, FetchTimeout: time.Minute,
		Inspect: engine.Inspect,
		Epochs:  s.epochs, Observer: silent{}, Reporter: cache.NewReporter(log, time.Now), Log: log, Now: time.Now,
		Invalidate: func(variant.Key) error { return nil },
	})
	s.Store = mezzanines.New(mezzanines.Config{
		Cache: s.files, Originals: s.originals, Render: engine, Epochs: s.epochs, Log: log, Now: time.Now,
	})
	return s
}

// make has the mezzanine made in the background, and returns its job.
func (s *store) make(t *testing.T) mezzanines.Job {
	t.Helper()
	o, h, err := s.originals.OpenInspected(t.Context(), id, originals.Inspection{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Blob.Close()
	s.MakeInBackground(t.Context(), o, h)
	j, ok := s.JobOf(o, h)
	if !ok {
		t.Error("it is to have no mezzanine")
	}
	return j
}

// A mezzanine is made once, when no request is queued, and found when it is there.
func TestMakeInBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		leave, err := s.gate.Enter(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.make(t)
		}
		waited := make(chan struct{})
		go func() { defer close(waited); s.Wait(t.Context(), id) }()
		synctest.Wait()
		if m := s.Find(t.Context(), id); m != nil || s.resizer.Calls() != 0 {
			t.Errorf("%+v while a request is working, with %d resizes", m, s.resizer.Calls())
		}
		leave()
		<-waited
		s.make(t)
		synctest.Wait()
		m := s.Find(t.Context(), id)
		if m == nil || s.resizer.Calls() != 1 {
			t.Fatalf("%+v, with %d resizes", m, s.resizer.Calls())
		}
		defer m.Blob.Close()
		if src, _, err := m.Open(); err != nil || src.Size == 0 || m.Header.Width != 200 || m.Original.Width != 640 || !s.IsUnchanged(m) {
			t.Errorf("%d bytes, %v of %+v", src.Size, err, m)
		}
	})
}

// A mezzanine of a picture that was forgotten is not kept.
func TestKeepForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		j := s.make(t)
		synctest.Wait()
		if !s.Exists(j) {
			t.Fatal("it does not exist")
		}
		if files, size, err := s.Forget(id.Key); files != 1 || size == 0 || err != nil {
			t.Errorf("%d files, %d bytes, %v", files, size, err)
		}
		if err := s.Keep(t.Context(), j, []byte("body")); !errors.Is(err, cache.ErrNotKept) || s.files.Len() != 0 {
			t.Errorf("%v, and %d files", err, s.files.Len())
		}
	})
}
