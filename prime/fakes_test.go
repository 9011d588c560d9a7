package prime_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
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
