package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

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
		engine:     &resizetest.Recorder{Fake: &resizetest.Fake{Formats: []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF, variant.JXL}}},
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
