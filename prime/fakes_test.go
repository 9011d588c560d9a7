package prime_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

// fixture is a pipeline on fakes, with pictures of 80x60 pixels.
type fixture struct {
	*pipeline.Pipeline
	*prime.Engine
	config      pipeline.Config
	origin      *storagetest.Fake
	originals   *cachetest.Fake
	derivatives *cachetest.Fake
	resizer     *resizetest.Fake
}

func newFixture(change ...func(*pipeline.Config)) *fixture {
	h := &fixture{
		origin: storagetest.NewFake(map[string][]byte{
			"cat.jpg":    picture(80, 60),
			"dog.jpg":    picture(60, 80),
			"text.jpg":   []byte("this is a text, and no picture"),
			"empty.jpg":  {},
			"broken.jpg": picture(80, 60)[:500],
		}),
		originals: cachetest.NewFake(), derivatives: cachetest.NewFake(), resizer: &resizetest.Fake{},
	}
	c := pipeline.Config{
		Originals: originals.Config{
			Origin: h.origin, Cache: h.originals, Fetches: gate.New(32, 0, 100), MaxBytes: 1 << 20, FetchTimeout: time.Minute,
		},
		Derivatives: derivatives.Config{Cache: h.derivatives, MemoryBytes: 1 << 20},
		Render:      render.Config{Resizer: h.resizer, Gate: gate.New(2, 1<<20, 8), Settings: resize.Settings{MaxPixels: 1 << 20}, Timeout: time.Minute},
		Log:         slog.New(slog.DiscardHandler), Now: time.Now,
	}
	for _, f := range change {
		f(&c)
	}
	h.start(c)
	return h
}

// start replaces the pipeline.
func (h *fixture) start(c pipeline.Config) {
	h.config = c
	h.Pipeline = pipeline.New(c)
	if c.Observer == nil {
		c.Observer = pipeline.NopObserver{}
	}
	h.Engine = prime.New(h.Pipeline, c.Observer, c.Log)
}

func picture(w, h int) []byte { return resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, w, h))) }

func parse(t *testing.T, ops string) variant.Variant {
	t.Helper()
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (h *fixture) ask(ctx context.Context, t *testing.T, key variant.Key, ops string) (*pipeline.Result, error) {
	t.Helper()
	return h.Picture(ctx, key, parse(t, ops), 0)
}

// want asks for a picture and checks its size and where it came from.
func (h *fixture) want(t *testing.T, key variant.Key, ops string, source pipeline.Source, width, height int) *pipeline.Result {
	t.Helper()
	r, err := h.ask(t.Context(), t, key, ops)
	if err != nil {
		t.Fatalf("%s of %s: %v", ops, key, err)
	}
	defer r.Blob.Close()
	m, _, err := image.Decode(r.Blob.Content())
	if err != nil || m.Bounds().Dx() != width || m.Bounds().Dy() != height {
		t.Errorf("%s of %s: %v, %v, want %dx%d", ops, key, m.Bounds(), err, width, height)
	}
	if r.Source != source || r.MediaType != "image/jpeg" {
		t.Errorf("%s of %s: source %d %s, want %d image/jpeg", ops, key, r.Source, r.MediaType, source)
	}
	return r
}

// largeFixture is a fixture with a large picture, and mezzanines of 200 pixels:
// derivatives of up to 100 pixels are made from them.
type largeFixture struct {
	*fixture
	engine     *resizetest.Recorder
	mezzanines *cachetest.OpenBlobs
	originals  *cachetest.OpenBlobs
	kept       *cachetest.OpenBlobs // the fixture's derivatives
}

var bigPicture = sync.OnceValue(func() []byte { return picture(640, 480) })

func newLargeFixture(t *testing.T, change ...func(*pipeline.Config)) *largeFixture {
	m := &largeFixture{
		engine:     &resizetest.Recorder{Fake: &resizetest.Fake{Formats: []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF}}},
		mezzanines: &cachetest.OpenBlobs{Fake: cachetest.NewFake()}, originals: &cachetest.OpenBlobs{Fake: cachetest.NewFake()},
	}
	m.fixture = newFixture(append([]func(*pipeline.Config){func(c *pipeline.Config) {
		m.kept = &cachetest.OpenBlobs{Fake: c.Derivatives.Cache.(*cachetest.Fake)}
		c.Mezzanines.Cache, c.Originals.Cache, c.Derivatives.Cache, c.Render.Resizer = m.mezzanines, m.originals, m.kept, m.engine
		c.Render.Settings.MezzanineSide, c.Render.Settings.MezzanineOver = 200, 1<<16
		c.Render.Settings.CanWrite = m.engine.CanWrite
		c.Render.Gate = gate.New(2, 1<<22, 20)
	}}, change...)...)
	m.origin.Put("big.jpg", bigPicture())
	t.Cleanup(func() {
		m.Mezzanines.Wait(context.Background(), originals.ID{Key: "big.jpg"})
		n, o, d := m.mezzanines.Unclosed(), m.originals.Unclosed(), m.kept.Unclosed()
		if n+o+d+m.origin.Unclosed() != 0 {
			t.Errorf("not closed: %d mezzanines, %d originals, %d derivatives, %d bodies", n, o, d, m.origin.Unclosed())
		}
	})
	return m
}

// purge removes an original from the disk, as a purge does.
func (m *largeFixture) purge(t *testing.T, key variant.Key) {
	t.Helper()
	if err := m.originals.Remove(key.Name()); err != nil {
		t.Fatal(err)
	}
}

func (m *largeFixture) down() {
	m.origin.FailAll(storage.Unavailable(context.Background(), "fake", errors.New("connection refused")))
}

// pass lets time go by, and background work finish.
func pass(d time.Duration) {
	time.Sleep(d) // the bubble's time
	synctest.Wait()
}

func revalidating(c *pipeline.Config) {
	c.Originals.Revalidate, c.Originals.RevalidateSync, c.Originals.NegativeTTL = 24*time.Hour, 7*24*time.Hour, time.Minute
}

// pets is an origin of n pictures.
func pets(n int) *storagetest.Fake {
	all := map[string][]byte{}
	for i := range n {
		all[string(pet(i))] = picture(80, 60)
	}
	return storagetest.NewFake(all)
}

func pet(i int) variant.Key { return variant.Key(fmt.Sprintf("%d.jpg", i)) }
