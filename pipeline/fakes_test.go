package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// engine notes what it decodes, and what it makes of that: "640>200" for what is
// 200 wide of what is 640, and "640>40,80" for both at once.
type engine struct {
	*resizetest.Fake
	mu   sync.Mutex
	made []string
	// stop, if not nil, is called before each work of that kind, and its error is
	// what comes of it.
	stop func(ctx context.Context, what string) error
}

func (e *engine) begin(ctx context.Context, h header.Header, plans ...resize.Plan) error {
	what := fmt.Sprintf("%d>", h.Width)
	for i, p := range plans {
		if i > 0 {
			what += ","
		}
		what += fmt.Sprint(p.ScaledW)
		if f := p.Output.Format; f != variant.JPEG {
			what += f.String()
		}
	}
	e.mu.Lock()
	stop := e.stop
	e.made = append(e.made, what)
	e.mu.Unlock()
	if stop == nil {
		return nil
	}
	return stop(ctx, what)
}

func (e *engine) setStop(stop func(ctx context.Context, what string) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stop = stop
}

func (e *engine) Resize(ctx context.Context, src []byte, h header.Header, p resize.Plan) ([]byte, error) {
	if err := e.begin(ctx, h, p); err != nil {
		return nil, err
	}
	return e.Fake.Resize(ctx, src, h, p)
}

func (e *engine) ResizeAll(ctx context.Context, src []byte, h header.Header, plans []resize.Plan, done func(int, []byte, error)) error {
	if err := e.begin(ctx, h, plans...); err != nil {
		for i := range plans {
			done(i, nil, err)
		}
		return err
	}
	return e.Fake.ResizeAll(ctx, src, h, plans, done)
}

// want checks what was made since the last time, in any order.
func (e *engine) want(t *testing.T, when string, made ...string) {
	t.Helper()
	got := slices.Sorted(slices.Values(e.take()))
	slices.Sort(made)
	if !slices.Equal(got, made) {
		t.Errorf("%s: the engine has made %q, want %q", when, got, made)
	}
}

// take returns what was made since the last time.
func (e *engine) take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	made := e.made
	e.made = nil
	return made
}

// hold makes all work of these kinds wait until release is called, or it is
// cancelled.
func (e *engine) hold(kinds ...string) (release func()) {
	held := make(chan struct{})
	e.setStop(func(ctx context.Context, what string) error {
		if !slices.Contains(kinds, what) {
			return nil
		}
		select {
		case <-held:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return sync.OnceFunc(func() { close(held) })
}

// files is a store that knows how many of its Blobs are open.
type files struct {
	*cachetest.Fake
	filled func() // if not nil, is called by Fill before it returns
	mu     sync.Mutex
	open   int
}

func (f *files) opened(b *cache.Blob, err error) (*cache.Blob, error) {
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.open++
		b.OnClose = func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.open--
		}
	}
	return b, err
}

func (f *files) Open(name variant.Name) (*cache.Blob, error) { return f.opened(f.Fake.Open(name)) }
func (f *files) Peek(name variant.Name) (*cache.Blob, error) { return f.opened(f.Fake.Peek(name)) }

func (f *files) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	b, err := f.opened(f.Fake.Fill(ctx, name, r, modTime))
	if f.filled != nil {
		f.filled()
	}
	return b, err
}

func (f *files) unclosed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open
}

// largeFixture is a fixture with a large picture, and mezzanines of 200 pixels:
// derivatives of up to 100 pixels are made from them.
type largeFixture struct {
	*fixture
	engine     *engine
	mezzanines *files
	originals  *files
	kept       *files // the fixture's derivatives
}

var bigPicture = sync.OnceValue(func() []byte { return picture(640, 480) })

func newLargeFixture(t *testing.T, change ...func(*pipeline.Config)) *largeFixture {
	m := &largeFixture{
		engine:     &engine{Fake: &resizetest.Fake{Formats: []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF}}},
		mezzanines: &files{Fake: cachetest.NewFake()}, originals: &files{Fake: cachetest.NewFake()},
	}
	m.fixture = newFixture(append([]func(*pipeline.Config){func(c *pipeline.Config) {
		m.kept = &files{Fake: c.Derivatives.Cache.(*cachetest.Fake)}
		c.Mezzanines.Cache, c.Originals.Cache, c.Derivatives.Cache, c.Render.Resizer = m.mezzanines, m.originals, m.kept, m.engine
		c.Render.Settings.MezzanineSide, c.Render.Settings.MezzanineOver = 200, 1<<16
		c.Render.Settings.CanWrite = m.engine.CanWrite
		c.Render.Gate = gate.New(2, 1<<22, 20)
	}}, change...)...)
	m.origin.Put("big.jpg", bigPicture())
	t.Cleanup(func() {
		n, o, d := m.mezzanines.unclosed(), m.originals.unclosed(), m.kept.unclosed()
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
