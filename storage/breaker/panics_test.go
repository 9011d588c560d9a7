package breaker_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/storagetest"
)

// panicky is a backend whose client panics where it is told to.
type panicky struct {
	storagetest.Store
	at atomic.Value // string
}

func newPanicky(at string) *panicky {
	p := &panicky{Store: storagetest.NewStore(map[string][]byte{"key": []byte("data"), "other": []byte("data")})}
	p.at.Store(at)
	p.SetName("backend")
	return p
}

func (p *panicky) reach(at string) {
	if p.at.Load() == at {
		panic("boom at " + at)
	}
}

func (p *panicky) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	p.reach("open")
	object, err := p.Store.Open(ctx, key, have)
	if err == nil {
		object.Body = &panickyBody{object.Body, p}
		object.Link = func(context.Context, storage.LinkOptions) (string, error) {
			p.reach("object's link")
			return "", nil
		}
	}
	return object, err
}

func (p *panicky) Check(ctx context.Context) error { p.reach("check"); return p.Store.Check(ctx) }

func (p *panicky) Stat(ctx context.Context, key string) (storage.Entry, error) {
	p.reach("stat")
	return p.Store.Stat(ctx, key)
}

func (p *panicky) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	p.reach("put")
	return p.Store.Put(ctx, key, body, size, modTime)
}

func (p *panicky) Link(ctx context.Context, key string, o storage.LinkOptions) (string, error) {
	p.reach("link")
	return p.Store.Link(ctx, key, o)
}

func (p *panicky) List(ctx context.Context, prefix string, skipped func(string)) iter.Seq2[storage.Entry, error] {
	p.reach("list")
	return func(yield func(storage.Entry, error) bool) {
		defer p.reach("end of the list")
		for entry, err := range p.Store.List(ctx, prefix, skipped) {
			if !yield(entry, err) {
				return
			}
			p.reach("entry")
		}
	}
}

type panickyBody struct {
	io.ReadCloser
	backend *panicky
}

func (b *panickyBody) Read(p []byte) (int, error) {
	b.backend.reach("read")
	return b.ReadCloser.Read(p)
}

func (b *panickyBody) Close() error {
	err := b.ReadCloser.Close()
	b.backend.reach("close")
	return err
}

// firstError is that of a listing.
func firstError(all iter.Seq2[storage.Entry, error]) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestBreakerSurvivesPanics: whatever panics in a backend's client is an error of that
// call, however often, and is counted.
func TestBreakerSurvivesPanics(t *testing.T) {
	t.Parallel()
	link := storage.LinkOptions{Expires: time.Minute}
	ask := map[string]func(ctx context.Context, g *breaker.Origin) error{
		"open":  func(ctx context.Context, g *breaker.Origin) error { return open(ctx, g, "key") },
		"read":  func(ctx context.Context, g *breaker.Origin) error { return open(ctx, g, "key") },
		"close": func(ctx context.Context, g *breaker.Origin) error { return open(ctx, g, "key") },
		"check": func(ctx context.Context, g *breaker.Origin) error { return g.Check(ctx) },
		"stat":  func(ctx context.Context, g *breaker.Origin) error { _, err := g.Stat(ctx, "key"); return err },
		"put": func(ctx context.Context, g *breaker.Origin) error {
			return g.Put(ctx, "new", strings.NewReader("a"), 1, time.Time{})
		},
		"link": func(ctx context.Context, g *breaker.Origin) error { _, err := g.Link(ctx, "key", link); return err },
		"object's link": func(ctx context.Context, g *breaker.Origin) error {
			object, err := g.Open(ctx, "key", storage.Version{})
			if err != nil {
				return err
			}
			defer object.Body.Close()
			_, err = object.Link(ctx, link)
			return err
		},
		"list":            func(ctx context.Context, g *breaker.Origin) error { return firstError(g.List(ctx, "", nil)) },
		"entry":           func(ctx context.Context, g *breaker.Origin) error { return firstError(g.List(ctx, "", nil)) },
		"end of the list": func(ctx context.Context, g *breaker.Origin) error { return firstError(g.List(ctx, "", nil)) },
	}
	for at, do := range ask {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				backend := newPanicky(at)
				g, before := withBreaker(backend), panics.Counts()["origin"]
				for range 6 { // more than open the breaker
					err := do(t.Context(), g)
					if !errors.Is(err, storage.ErrTransient) || !strings.Contains(err.Error(), "backend: ") || !strings.Contains(err.Error(), "boom at "+at) {
						t.Errorf("%v, want ErrTransient with the panic", err)
					}
				}
				if g.Down() || backend.Unclosed() != 0 {
					t.Errorf("down: %t, %d bodies are open", g.Down(), backend.Unclosed())
				}
				if n := panics.Counts()["origin"] - before; n < 6 {
					t.Errorf("%d were counted, want 6 at least", n)
				}
				backend.at.Store("")
				if err := do(t.Context(), g); err != nil {
					t.Errorf("without panics: %v", err)
				}
			})
		})
	}
}

// TestListenersOwnPanic: what panics while it goes through a listing is not the backend.
func TestListenersOwnPanic(t *testing.T) {
	t.Parallel()
	err := panics.Try("test", func() error {
		for range withBreaker(newPanicky("")).List(t.Context(), "", nil) {
			panic("mine")
		}
		return nil
	})
	if e, ok := errors.AsType[*panics.Error](err); !ok || e.Value != "mine" {
		t.Errorf("%v, want the panic", err)
	}
}

// TestBrokenOffListing: a backend that panics when nobody wants more of a listing.
func TestBrokenOffListing(t *testing.T) {
	t.Parallel()
	for range withBreaker(newPanicky("end of the list")).List(t.Context(), "", nil) {
		break
	}
}

// latePanicky opens when it is released, whether or not anybody waits.
type latePanicky struct {
	*panicky
	release chan struct{}
}

func (p *latePanicky) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	<-p.release
	return p.panicky.Open(context.WithoutCancel(ctx), key, have)
}

// TestLatePanic: an object that comes after its caller has left, and panics when it
// is closed.
func TestLatePanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		backend := &latePanicky{newPanicky("close"), make(chan struct{})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := panics.Counts()["origin"]
		if err := open(ctx, withBreaker(backend), "key"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want its deadline", err)
		}
		close(backend.release)
		synctest.Wait()
		if panics.Counts()["origin"] == before || backend.TotalOpens() != 1 || backend.Unclosed() != 0 {
			t.Errorf("counted: %t, %d opened, %d bodies are open", panics.Counts()["origin"] > before, backend.TotalOpens(), backend.Unclosed())
		}
	})
}

// TestProbeLoopSurvivesPanics: a backend whose checks panic is asked on.
func TestProbeLoopSurvivesPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		backend := newPanicky("")
		g := withBreaker(backend)
		backend.FailAll(storagetest.Refused())
		for range 5 {
			_ = open(t.Context(), g, "key")
		}
		backend.at.Store("check")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { breaker.ProbeLoop(ctx, g); close(ended) }()
		time.Sleep(10 * time.Second)
		if !g.Down() {
			t.Error("a panic is taken for an answer")
		}
		backend.at.Store("")
		backend.FailAll(nil)
		time.Sleep(2 * time.Second)
		if err := open(t.Context(), g, "key"); err != nil || g.Down() {
			t.Errorf("%v, down %t", err, g.Down())
		}
		cancel()
		<-ended
	})
}
