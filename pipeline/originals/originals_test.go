package originals_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

var cat = originals.ID{Key: "cat.jpg"}

// store is a Store on fakes.
type store struct {
	*originals.Store
	origin      *storagetest.Fake
	files       *cachetest.Fake
	invalidated []variant.Key
}

func newStore(change ...func(*originals.Config)) *store {
	s := &store{
		origin: storagetest.NewFake(map[string][]byte{"cat.jpg": picture(80, 60)}),
		files:  cachetest.NewFake(),
	}
	c := originals.Config{
		Origin: s.origin, Cache: s.files, Fetches: gate.New(4, 0, 4), MaxBytes: 1 << 20, FetchTimeout: time.Minute,
		Epochs: new(cache.Epochs), Observer: silent{}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Invalidate: func(key variant.Key) error { s.invalidated = append(s.invalidated, key); return nil },
	}
	c.Inspect = func(ctx context.Context, src resize.Source, _ int, _ bool) (header.Header, error) {
		return header.Inspect(ctx, src.At, src.Size, header.FormatsOf(variant.JPEG))
	}
	c.Reporter = cache.NewReporter(c.Log, c.Now)
	for _, f := range change {
		f(&c)
	}
	s.Store = originals.New(c)
	return s
}

// What is remembered of the negative cache is what a fetch would find in it, whatever the clock does.
func TestRememberAbsent(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_800_000_000, 0)
	now := start
	s := newStore(func(c *originals.Config) { c.NegativeTTL, c.Now = time.Minute, func() time.Time { return now } })
	none := originals.ID{Key: "none.jpg"}
	for _, later := range []time.Duration{0, time.Minute - 1, time.Minute, -time.Second} {
		now = start
		if _, _, err := s.Forget(none.Key); err != nil {
			t.Fatal(err)
		}
		_, err := s.Open(t.Context(), none, originals.ToDisk)
		now = start.Add(later)
		remembered, opens := s.Remember(none).AbsentUntil, s.origin.TotalOpens()
		_, again := s.Open(t.Context(), none, originals.ToDisk)
		if asked := s.origin.TotalOpens() > opens; !errors.Is(err, storage.ErrNotFound) || !errors.Is(again, storage.ErrNotFound) || asked != remembered.IsZero() {
			t.Errorf("after %v: %v, %v; absent until %v, and the origin is asked: %v", later, err, again, remembered, asked)
		}
	}
}

type silent struct{}

func (silent) Step(ctx context.Context, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}

func (silent) Fetched(time.Duration, int64, error) {}

func (silent) Revalidated(originals.Freshness) {}

func picture(w, h int) []byte { return resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, w, h))) }

// open opens the cat's picture and closes it again.
func (s *store) open(t *testing.T) *originals.Original {
	t.Helper()
	o, err := s.Open(t.Context(), cat, originals.ToDisk)
	if err != nil {
		t.Fatal(err)
	}
	o.Blob.Close()
	return o
}

// An original is fetched once for all requests that come at the same time, and is on disk
// from then on.
func TestOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		release := s.origin.Hold()
		var mu sync.Mutex
		var all sync.WaitGroup
		shared := 0
		for range 10 {
			all.Go(func() {
				o := s.open(t)
				mu.Lock()
				defer mu.Unlock()
				if o.Shared {
					shared++
				}
				if !o.Fetched || o.ID != cat || o.Blob.NotKept != nil {
					t.Errorf("%+v", o)
				}
			})
		}
		synctest.Wait()
		release()
		all.Wait()
		if o := s.open(t); o.Fetched || s.origin.TotalOpens() != 1 || shared != 9 {
			t.Errorf("fetched again: %t; %d fetches, which %d have joined", o.Fetched, s.origin.TotalOpens(), shared)
		}
	})
}

// The age of an original decides whether it is revalidated, and the answer what becomes
// of it.
func TestCheckFreshness(t *testing.T) {
	t.Parallel()
	gone := func(s *store) { s.origin.Remove("cat.jpg") }
	replaced := func(s *store) {
		s.origin.Put("cat.jpg", picture(60, 80))
		s.origin.SetModTime("cat.jpg", time.Now().UTC().Truncate(time.Second))
	}
	down := func(s *store) { s.origin.FailAll(errors.New("connection refused")) }
	for name, tt := range map[string]struct {
		age         time.Duration
		set         func(*store)
		want, after originals.Freshness
		invalidated int
	}{
		"young":              {time.Hour, replaced, originals.Fresh, originals.Fresh, 0},
		"old":                {25 * time.Hour, nil, originals.Revalidating, originals.Fresh, 0},
		"old, replaced":      {25 * time.Hour, replaced, originals.Revalidating, originals.Modified, 1},
		"old, gone":          {25 * time.Hour, gone, originals.Revalidating, originals.Revalidating, 1},
		"old, down":          {25 * time.Hour, down, originals.Revalidating, originals.Error, 0},
		"old, read-only":     {25 * time.Hour, func(s *store) { s.SetReadOnly(true) }, originals.Error, originals.Error, 0},
		"very old":           {200 * time.Hour, nil, originals.NotModified, originals.Fresh, 0},
		"very old, replaced": {200 * time.Hour, replaced, originals.Modified, originals.Modified, 1},
		"very old, gone":     {200 * time.Hour, gone, originals.Gone, originals.Revalidating, 1},
		"very old, down":     {200 * time.Hour, down, originals.Error, originals.Error, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStore(func(c *originals.Config) { c.Revalidate, c.RevalidateSync = 24*time.Hour, 168*time.Hour })
				modTime := s.open(t).Blob.ModTime
				time.Sleep(tt.age)
				if tt.set != nil {
					tt.set(s)
				}
				if got := s.CheckFreshness(t.Context(), cat, modTime); got != tt.want {
					t.Errorf("%v, want %v", got, tt.want)
				}
				synctest.Wait()
				if len(s.invalidated) != tt.invalidated {
					t.Errorf("invalidated %q, want %d", s.invalidated, tt.invalidated)
				}
				if got := s.CheckFreshness(t.Context(), cat, modTime); got != tt.after {
					t.Errorf("then %v, want %v", got, tt.after)
				}
				synctest.Wait()
			})
		})
	}
}

// That an original does not exist is remembered for a while, and until it is forgotten.
func TestNegativeCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(func(c *originals.Config) { c.NegativeTTL = time.Minute })
		body := picture(80, 60)
		s.origin.Remove("cat.jpg")
		missing := func(fetches int) {
			t.Helper()
			if _, err := s.Open(t.Context(), cat, originals.ToDisk); !errors.Is(err, storage.ErrNotFound) || s.origin.TotalOpens() != fetches {
				t.Errorf("%v after %d fetches, want %d", err, s.origin.TotalOpens(), fetches)
			}
		}
		missing(1)
		s.origin.Put("cat.jpg", body)
		missing(1)
		if s.Absent() != 1 {
			t.Errorf("%d are remembered", s.Absent())
		}
		if _, _, err := s.Forget("cat.jpg"); err != nil {
			t.Fatal(err)
		}
		s.open(t)
	})
}

// A picture that is broken on disk is fetched once more; one that is broken at its origin
// is removed, or with ServeBroken given as Broken.
func TestOpenInspected(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.open(t)
	b, err := s.files.Fill(t.Context(), cat.Name(), bytes.NewReader(picture(80, 60)[:500]), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	o, h, err := s.OpenInspected(t.Context(), cat, originals.Inspection{})
	if err != nil || h.Width != 80 || o.Broken || s.origin.TotalOpens() != 2 {
		t.Fatalf("%+v, %v after %d fetches", h, err, s.origin.TotalOpens())
	}
	o.Blob.Close()
	if known, ok := s.KnownHeader(cat); !ok || known != h {
		t.Errorf("the header is remembered as %+v, %t", known, ok)
	}
	for _, serve := range []bool{false, true} {
		s := newStore(func(c *originals.Config) { c.ServeBroken = serve })
		s.origin.Put("cat.jpg", picture(640, 480)[:620]) // behind its header
		o, _, err := s.OpenInspected(t.Context(), cat, originals.Inspection{})
		if serve && (err != nil || !o.Broken) || !serve && !errors.Is(err, header.ErrBroken) || s.files.Len() != 0 {
			t.Errorf("ServeBroken %t: %+v, %v, and %d files", serve, o, err, s.files.Len())
		}
		if err == nil {
			o.Blob.Close()
		}
	}
}
