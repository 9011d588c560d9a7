package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	"io"
	"log/slog"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/eviction"
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

func TestTiers(t *testing.T) {
	h := newFixture()
	made := h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
	if !made.Stored || made.Shared || len(made.Steps) != 4 {
		t.Errorf("made: %+v", made)
	}
	h.want(t, "cat.jpg", "40x30", pipeline.FromMemory, 40, 30)
	h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15) // from the original on disk
	if got := h.origin.TotalOpens(); got != 1 {
		t.Errorf("the origin was asked %d times, want once", got)
	}

	cold := newFixture(func(c *pipeline.Config) { c.Derivatives.Cache, c.Derivatives.MemoryBytes = h.derivatives, 0 })
	cold.want(t, "cat.jpg", "40x30", pipeline.FromDisk, 40, 30)
	cold.want(t, "cat.jpg", "40x30", pipeline.FromDisk, 40, 30) // no memory, still disk
	if cold.origin.TotalOpens() != 0 || cold.resizer.Calls() != 0 {
		t.Error("a hit on disk asked the origin or the resizer")
	}
}

// asker is the key of who asks, in contexts.
type asker struct{}

// Forty simultaneous requests for four variants of one picture: one fetch, four
// resizes.
func TestCoalescing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture()
		release := h.origin.Hold()
		var shared int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 40 {
			ops := []string{"40x30", "30x", "x20", "10x10"}[i%4]
			all.Go(func() {
				r, err := h.ask(context.WithValue(t.Context(), asker{}, i), t, "cat.jpg", ops)
				if err != nil {
					t.Error(err)
					return
				}
				defer r.Blob.Close()
				if (r.Work != nil) != r.Shared {
					t.Errorf("shared: %v, and the work is of %v", r.Shared, r.Work)
				} else if r.Shared && r.Work.Value(asker{}).(int)%4 != i%4 {
					t.Error("the work is that of a request for another variant")
				}
				if _, err := io.Copy(io.Discard, r.Blob.Content()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if r.Shared {
					shared++
				}
			})
		}
		synctest.Wait() // all of them wait for the origin
		release()
		all.Wait()
		if h.origin.TotalOpens() != 1 || h.resizer.Calls() != 4 || shared != 36 {
			t.Errorf("%d fetches, %d resizes, %d shared; want 1, 4, 36", h.origin.TotalOpens(), h.resizer.Calls(), shared)
		}
	})
}

// A client that leaves does not end the work of others; when the last one leaves, the
// work ends.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture()
		release := h.origin.Hold()
		first, leave := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		wait := func(ctx context.Context) { _, err := h.ask(ctx, t, "cat.jpg", "40x30"); errs <- err }
		go wait(first)
		synctest.Wait()
		go wait(t.Context())
		synctest.Wait()
		leave()
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		release()
		if err := <-errs; err != nil {
			t.Errorf("who stayed got %v", err)
		}

		h = newFixture()
		h.origin.Hold()
		second, leave := context.WithCancel(t.Context())
		go wait(second)
		synctest.Wait()
		leave()
		<-errs
		synctest.Wait() // and no goroutine remains blocked, or synctest fails
	})
}

func TestErrors(t *testing.T) {
	unavailable := errors.New("connection refused")
	tests := []struct {
		name string
		key  variant.Key
		ops  string
		set  func(*fixture)
		kind error
	}{
		{"missing", "no.jpg", "40x30", nil, storage.ErrNotFound},
		{"text", "text.jpg", "40x30", nil, header.ErrNotPicture},
		{"empty", "empty.jpg", "40x30", nil, header.ErrBroken},
		{"cut short", "broken.jpg", "40x30", nil, header.ErrBroken},
		{"origin down", "cat.jpg", "40x30", func(h *fixture) { h.origin.FailAll(storage.Unavailable(context.Background(), "fake", unavailable)) }, storage.ErrUnavailable},
		{"body cut short", "cat.jpg", "40x30", func(h *fixture) { h.origin.Truncate("cat.jpg", 100) }, storage.ErrUnavailable},
		{"too many pixels", "cat.jpg", "4000x4000,up_1", nil, header.ErrTooLarge},
		{"an error of no kind", "cat.jpg", "40x30", func(h *fixture) { h.origin.FailAll(unavailable) }, storage.ErrUnavailable},
		{"resizer fails", "cat.jpg", "40x30", func(h *fixture) { h.resizer.Fail = header.ErrBroken }, header.ErrBroken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newFixture()
			if tt.set != nil {
				tt.set(h)
			}
			for range 2 {
				if r, err := h.ask(t.Context(), t, tt.key, tt.ops); !errors.Is(err, tt.kind) {
					t.Errorf("got %+v, %v, want %v", r, err, tt.kind)
				}
			}
			if h.derivatives.Len() != 0 {
				t.Error("something wrong was kept as a derivative")
			}
		})
	}
}

// Errors that say nothing about the original leave it in the cache, and the next
// request uses it.
func TestOriginalStays(t *testing.T) {
	for _, kind := range []error{resize.ErrNoMemory, header.ErrNotPicture, header.ErrTooLarge, errors.New("our own failure")} {
		for _, ops := range []string{"40x30", "info", "40x30,trim"} {
			h := newFixture()
			for range 2 {
				h.resizer.Fail = fmt.Errorf("once: %w", kind)
				if _, err := h.ask(t.Context(), t, "cat.jpg", ops); !errors.Is(err, kind) {
					t.Errorf("%v, %s: %v", kind, ops, err)
				}
				if n := h.originals.Len(); n != 1 {
					t.Errorf("%v, %s: %d originals are kept", kind, ops, n)
				}
			}
			h.resizer.Fail = nil
			if _, err := h.ask(t.Context(), t, "cat.jpg", ops); err != nil || h.origin.Opens("cat.jpg") != 1 {
				t.Errorf("%v, %s: then %v, fetched %d times", kind, ops, err, h.origin.Opens("cat.jpg"))
			}
		}
	}
}

// A broken original is not kept, and is fetched again when it has been mended.
func TestBrokenOriginalIsForgotten(t *testing.T) {
	h := newFixture()
	h.origin.Truncate("cat.jpg", 100)
	if _, err := h.ask(t.Context(), t, "cat.jpg", "40x30"); !errors.Is(err, storage.ErrUnavailable) {
		t.Fatal(err)
	}
	if _, err := h.ask(t.Context(), t, "broken.jpg", "40x30"); !errors.Is(err, header.ErrBroken) {
		t.Fatal(err)
	}
	if n := h.originals.Len(); n != 0 {
		t.Errorf("%d originals are kept", n)
	}
	h.origin.Truncate("cat.jpg", -1)
	h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
}

// A cache that fails costs time, never correctness.
func TestCacheFails(t *testing.T) {
	full := &fullDisk{}
	h := newFixture(func(c *pipeline.Config) { c.Observer = full })
	h.originals.FailFill(syscall.ENOSPC)
	h.derivatives.FailFill(syscall.ENOSPC)
	made := h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
	if made.Stored {
		t.Error("is said to be stored on a full disk")
	}
	h.want(t, "cat.jpg", "40x30", pipeline.FromMemory, 40, 30)
	if full.errors != [eviction.Tiers]int{eviction.Originals: 1, eviction.Derivatives: 1} {
		t.Errorf("observed %v", full.errors)
	}

	h = newFixture()
	h.originals.FailOpen(syscall.EIO)
	h.derivatives.FailOpen(syscall.EIO)
	if _, err := h.ask(t.Context(), t, "cat.jpg", "40x30"); err != nil {
		t.Errorf("with a disk that cannot be read: %v", err)
	}
}

type fullDisk struct {
	pipeline.NopObserver
	errors [eviction.Tiers]int
}

func (f *fullDisk) Kept(tier eviction.Tier, _ int64, err error) {
	if err != nil {
		f.errors[tier]++
	}
}

func TestTooManyBytes(t *testing.T) {
	h := newFixture(func(c *pipeline.Config) { c.Originals.MaxBytes = 100 })
	if _, err := h.ask(t.Context(), t, "cat.jpg", "40x30"); !errors.Is(err, originals.ErrTooManyBytes) {
		t.Errorf("got %v", err)
	}
	exact := int64(len(picture(80, 60)))
	newFixture(func(c *pipeline.Config) { c.Originals.MaxBytes = exact }).want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
}

func TestFetchTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture()
		h.origin.Hold()
		began := time.Now()
		_, err := h.ask(t.Context(), t, "cat.jpg", "40x30")
		if !errors.Is(err, storage.ErrUnavailable) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v, want unavailable after a minute", err, time.Since(began))
		}
	})
}

func TestOriginal(t *testing.T) {
	h := newFixture()
	for _, want := range []pipeline.Source{pipeline.Made, pipeline.FromDisk} {
		r, err := h.Original(t.Context(), "cat.jpg", variant.Variant{Kind: variant.Raw}, storage.LinkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Blob.Content())
		if err != nil || !bytes.Equal(body, picture(80, 60)) || r.MediaType != "image/jpeg" || r.Source != want {
			t.Errorf("%d bytes of %s from %d, %v", len(body), r.MediaType, r.Source, err)
		}
		r.Blob.Close()
	}
	r, err := h.Original(t.Context(), "text.jpg", variant.Variant{Kind: variant.Raw}, storage.LinkOptions{})
	if err != nil || r.MediaType != "application/octet-stream" {
		t.Errorf("text: %+v, %v", r, err)
	}
	r, err = h.Original(t.Context(), "empty.jpg", variant.Variant{Kind: variant.Raw}, storage.LinkOptions{})
	if err != nil || r.Blob.Size != 0 {
		t.Errorf("empty: %+v, %v", r, err)
	}
}

// The file of a derivative in memory is looked at once a second: that notes its use,
// and shows that another process has purged or replaced it.
func TestMemoryFollowsDisk(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	h := newFixture(func(c *pipeline.Config) { c.Now = func() time.Time { return now } })
	r := h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
	for range 10 { // three seconds
		now = now.Add(300 * time.Millisecond)
		h.want(t, "cat.jpg", "40x30", pipeline.FromMemory, 40, 30)
	}
	if got := h.derivatives.Counts().Touches; got != 2 {
		t.Errorf("noted %d times in 3 seconds, want 2: at 1.2 and 2.4", got)
	}
	if err := h.derivatives.Remove(r.Name); err != nil {
		t.Fatal(err)
	}
	h.want(t, "cat.jpg", "40x30", pipeline.FromMemory, 40, 30)
	now = now.Add(time.Second)
	h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)

	b, err := h.derivatives.Fill(t.Context(), r.Name, bytes.NewReader(picture(40, 30)), now)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	now = now.Add(time.Second)
	if r := h.want(t, "cat.jpg", "40x30", pipeline.FromDisk, 40, 30); !r.Blob.ModTime.Equal(now.Add(-time.Second)) {
		t.Error("the memory tier does not see that the file is another")
	}
}

// A derivative that could not be kept on disk is served from memory.
func TestMemoryWithoutDisk(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	h := newFixture(func(c *pipeline.Config) { c.Now = func() time.Time { return now } })
	h.derivatives.FailFill(syscall.ENOSPC)
	h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
	now = now.Add(30 * time.Second)
	h.want(t, "cat.jpg", "40x30", pipeline.FromMemory, 40, 30)
	h.derivatives.FailFill(nil)
	now = now.Add(31 * time.Second) // and is kept when the disk works again
	if r := h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30); !r.Stored {
		t.Error("is not kept though the disk works again")
	}
}

// Each version is fetched by itself, and all are forgotten together.
func TestCacheBuster(t *testing.T) {
	h := newFixture()
	h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
	h.origin.Put("cat.jpg", picture(60, 80))
	h.want(t, "cat.jpg", "39x", pipeline.Made, 39, 29)
	h.want(t, "cat.jpg", "30x,v_2", pipeline.Made, 30, 40)
	h.want(t, "cat.jpg", "15x,v_2", pipeline.Made, 15, 20)
	if got := h.origin.Opens("cat.jpg"); got != 2 {
		t.Errorf("the origin was asked %d times, want once for each cache buster", got)
	}
	if d := h.describe(t, "cat.jpg", "info,v_2", pipeline.Made); d.Width != 60 {
		t.Errorf("described as %+v", d)
	}
	if f, err := h.Forget("cat.jpg"); f.Originals != 2 || f.Derivatives != 5 || err != nil {
		t.Errorf("forgot %+v, %v", f, err)
	}
}

// A finished derivative is kept even if the last client has left.
func TestFinishedWorkIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture()
		began, block := make(chan struct{}), make(chan struct{})
		h.resizer.Began, h.resizer.Block = began, block
		ctx, leave := context.WithCancel(t.Context())
		store := &leavingStore{h.derivatives, leave, make(chan struct{})}
		c := h.config
		c.Derivatives.Cache = store
		h.start(c)
		go func() { <-began; close(block) }()
		if _, err := h.ask(ctx, t, "cat.jpg", "40x30"); !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		<-store.filled
		if h.derivatives.Len() != 1 {
			t.Error("what was made is thrown away")
		}
	})
}

// leavingStore makes the client leave when its picture is about to be kept.
type leavingStore struct {
	*cachetest.Fake
	leave  func()
	filled chan struct{}
}

func (s *leavingStore) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	s.leave()
	synctest.Wait() // until the client has been answered, and the work cancelled
	defer close(s.filled)
	return s.Fake.Fill(ctx, name, r, modTime)
}

// If the disk takes nothing, a bounded number of originals is in memory.
func TestMemoryForOriginalsIsBounded(t *testing.T) {
	h := newFixture(func(c *pipeline.Config) { c.Originals.MaxBytes = int64(len(picture(80, 60))) })
	h.originals.FailFill(syscall.ENOSPC)
	var open []*pipeline.Result
	for range 4 {
		r, err := h.Original(t.Context(), "cat.jpg", variant.Variant{}, storage.LinkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, r)
	}
	if r, err := h.Original(t.Context(), "cat.jpg", variant.Variant{}, storage.LinkOptions{}); !errors.Is(err, gate.ErrBusy) {
		t.Errorf("the fifth gets %+v, %v", r, err)
	}
	for _, r := range open {
		r.Blob.Close()
	}
	if r, err := h.Original(t.Context(), "cat.jpg", variant.Variant{}, storage.LinkOptions{}); err != nil {
		t.Errorf("when the others have gone: %v", err)
	} else {
		r.Blob.Close()
	}
}

func TestForget(t *testing.T) {
	h := newFixture()
	for _, ops := range []string{"40x30", "20x", "x10"} {
		h.want(t, "cat.jpg", ops, pipeline.Made, map[string]int{"40x30": 40, "20x": 20, "x10": 13}[ops], map[string]int{"40x30": 30, "20x": 15, "x10": 10}[ops])
	}
	h.want(t, "dog.jpg", "30x40", pipeline.Made, 30, 40)
	f, err := h.Forget("cat.jpg")
	if f.Originals != 1 || f.Derivatives != 3 || f.Memory != 3 || f.OriginalBytes < 300 || f.DerivativeBytes < 900 || err != nil {
		t.Errorf("forgot %+v, %v", f, err)
	}
	h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15)
	h.want(t, "dog.jpg", "30x40", pipeline.FromMemory, 30, 40)
	if got := h.origin.Opens("cat.jpg"); got != 2 {
		t.Errorf("the origin was asked %d times, want 2", got)
	}
}

// Work that was begun before a picture was forgotten is answered and not kept, and
// later requests do not get it. Its epoch, which all that have waited for it see, has ended.
func TestForgetWhileMaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFixture()
		release := h.origin.HoldBodies()
		var asked sync.WaitGroup
		ask := func(begun string) {
			asked.Go(func() {
				r, err := h.ask(t.Context(), t, "cat.jpg", "40x30")
				if err != nil {
					t.Error(err)
				} else if ended := r.Epoch != h.Epoch(r.Name); ended != (begun == "before") {
					t.Errorf("begun %s: epoch %d, now it is %d", begun, r.Epoch, h.Epoch(r.Name))
				}
			})
			synctest.Wait()
		}
		ask("before")
		ask("before")
		if _, err := h.Forget("cat.jpg"); err != nil {
			t.Fatal(err)
		}
		ask("after")
		release()
		asked.Wait()
		// Once more if the first, having been forgotten, takes what the second
		// has kept with it.
		if got := h.origin.Opens("cat.jpg"); got < 2 || got > 3 {
			t.Errorf("the origin was asked %d times, want 2: who came later must not get what was begun before", got)
		}
	})
}

// A file that we have not written is removed.
func TestDamagedDerivative(t *testing.T) {
	h := newFixture()
	r := h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
	b, err := h.derivatives.Fill(t.Context(), r.Name, bytes.NewReader([]byte("garbage")), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	again := newFixture(func(c *pipeline.Config) { c.Derivatives.Cache = h.derivatives })
	again.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
}
