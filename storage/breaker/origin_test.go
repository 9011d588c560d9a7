package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func withBreaker(o storage.Backend) *breaker.Origin { return breaker.New(o, breaker.Observer{}) }

func TestBreakerConforms(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(_ *testing.T, objects map[string][]byte) storage.Origin {
		return withBreaker(storagetest.NewFake(objects))
	})
	store := func(_ *testing.T, objects map[string][]byte) storage.Origin {
		return withBreaker(storagetest.NewStore(objects))
	}
	storagetest.RunWriter(t, store)
	storagetest.RunLister(t, store)
}

// open opens and reads an object, and returns the error of either.
func open(ctx context.Context, o storage.Origin, key string) error {
	_, err := storagetest.Read(ctx, o, key)
	return err
}

// broken is a breaker that has opened, and its fake, which works again.
func broken(t *testing.T) (*breaker.Origin, *storagetest.Fake) {
	t.Helper()
	f := storagetest.Named("backend", "key")
	g := withBreaker(f)
	f.FailAll(storagetest.Refused())
	for range 5 {
		storagetest.WantKind(t, open(t.Context(), g, "key"), storage.ErrUnavailable)
	}
	if g.State() != breaker.Open || !g.Down() {
		t.Fatalf("state %v, down %t; want open", g.State(), g.Down())
	}
	f.FailAll(nil)
	return g, f
}

// breakerTest asks a breaker of a fake that has "key" once.
type breakerTest struct {
	name string
	ask  func(t *testing.T, f *storagetest.Fake, o storage.Origin)
}

func TestBreakerOpens(t *testing.T) {
	t.Parallel()
	runBreakerTests(t, breaker.Open, []breakerTest{
		{"not answering", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.FailAll(storagetest.Refused())
			_ = open(t.Context(), o, "key")
		}},
		{"odd errors", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.FailAll(context.Canceled)
			_ = open(t.Context(), o, "key")
		}},
		{"our deadline", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.Delay(time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			_ = open(ctx, o, "key")
		}},
		{"a client that waited long", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.Delay(time.Minute)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(6*time.Second, cancel)
			_ = open(ctx, o, "key")
		}},
		{"short bodies", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.Truncate("key", 3)
			storagetest.WantKind(t, open(t.Context(), o, "key"), storage.ErrUnavailable)
		}},
	})
}

func TestBreakerStaysClosed(t *testing.T) {
	t.Parallel()
	refused := fmt.Errorf("backend: %w: HTTP 403", storage.ErrRefused)
	runBreakerTests(t, breaker.Closed, []breakerTest{
		{"a deadline that was too short", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.Delay(time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_ = open(ctx, o, "key")
		}},
		{"clients that leave", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.Delay(time.Minute)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_ = open(ctx, o, "key")
		}},
		{"clients that leave in the body", func(t *testing.T, _ *storagetest.Fake, o storage.Origin) {
			ctx, cancel := context.WithCancel(t.Context())
			object, err := o.Open(ctx, "key", storage.Version{})
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			if _, err := io.ReadAll(object.Body); !errors.Is(err, context.Canceled) {
				t.Errorf("body: %v", err)
			}
			_ = object.Body.Close()
		}},
		{"nobody there any more", func(t *testing.T, _ *storagetest.Fake, o storage.Origin) {
			ctx, cancel := context.WithDeadline(t.Context(), time.Now())
			defer cancel()
			_ = open(ctx, o, "key")
		}},
		{"missing objects", func(t *testing.T, _ *storagetest.Fake, o storage.Origin) {
			storagetest.WantKind(t, open(t.Context(), o, "missing"), storage.ErrNotFound)
		}},
		{"refusals", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.FailAll(refused)
			if err := open(t.Context(), o, "key"); err != refused {
				t.Errorf("%v, want %v", err, refused)
			}
		}},
		{"what says nothing about the backend", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.FailAll(storage.Transient(t.Context(), "backend", errors.New("no descriptors")))
			storagetest.WantKind(t, open(t.Context(), o, "key"), storage.ErrUnavailable)
		}},
		{"known versions", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.SetETag("key", "1")
			if _, err := o.Open(t.Context(), "key", storage.Version{ETag: "1"}); !errors.Is(err, storage.ErrNotModified) {
				t.Errorf("%v, want ErrNotModified", err)
			}
		}},
		{"every second", func(t *testing.T, f *storagetest.Fake, o storage.Origin) {
			f.FailNext(1, storagetest.Refused())
			storagetest.WantKind(t, open(t.Context(), o, "key"), storage.ErrUnavailable)
			if err := open(t.Context(), o, "key"); err != nil {
				t.Error(err)
			}
		}},
	})
}

// runBreakerTests asks up to five times, and checks which state that leads to.
func runBreakerTests(t *testing.T, want breaker.State, tests []breakerTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := storagetest.Named("backend", "key")
				g := withBreaker(f)
				for range 5 {
					if g.State() == breaker.Closed {
						tt.ask(t, f, g)
					}
				}
				if g.State() != want || g.Down() != (want == breaker.Open) {
					t.Errorf("state %v, down %t; want %v", g.State(), g.Down(), want)
				}
				if f.Unclosed() != 0 {
					t.Errorf("%d bodies are open", f.Unclosed())
				}
			})
		})
	}
}

// TestBreakerRefuses: while it is open nobody is asked or waits, and the error says
// why.
func TestBreakerRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		start, asked := time.Now(), f.TotalOpens()
		err := open(t.Context(), g, "key")
		storagetest.WantKind(t, err, storage.ErrUnavailable)
		for _, part := range []string{"backend: ", "circuit breaker open", "2000-01-01T00:00:00Z", ": connection refused"} {
			if !strings.Contains(err.Error(), part) || strings.Count(err.Error(), storage.ErrUnavailable.Error()) != 1 {
				t.Errorf("error is %q, want %q in it", err, part)
			}
		}
		if took := time.Since(start); took != 0 || f.TotalOpens() != asked {
			t.Errorf("it took %v, and %d requests", took, f.TotalOpens()-asked)
		}
		if asked != 5 {
			t.Errorf("it took %d attempts to open it, want 5", asked)
		}
	})
}

// TestBreakerTimeouts: what fails slowly counts each, so that a backend that swallows
// requests is not waited for again and again.
func TestBreakerTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := storagetest.Named("backend", "key")
		g := withBreaker(f)
		f.Delay(10 * time.Second)
		f.FailAll(storagetest.Refused())
		start := time.Now()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { _ = open(t.Context(), g, "key") })
		}
		all.Wait()
		if took := time.Since(start); g.State() != breaker.Open || took > 11*time.Second {
			t.Errorf("state %v after %v", g.State(), took)
		}
	})
}

// TestBreakerLateObject: an object that comes in the moment in which ctx ends is
// closed or given, never lost.
func TestBreakerLateObject(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"before it comes", "when it has come"} {
		synctest.Test(t, func(t *testing.T) {
			f := storagetest.Named("backend", "key")
			ctx, cancel := context.WithCancel(t.Context())
			g := breaker.New(storagetest.OpenFunc{Fake: f, Func: func(ctx context.Context, key string) (*storage.Object, error) {
				if moment == "before it comes" {
					cancel()
				}
				return f.Open(context.WithoutCancel(ctx), key, storage.Version{})
			}}, breaker.Observer{
				Attempted: func(string, time.Duration, error) { cancel() },
			})
			object, err := g.Open(ctx, "key", storage.Version{})
			if err == nil {
				_ = object.Body.Close()
			} else if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			synctest.Wait()
			if f.TotalOpens() != 1 || f.Unclosed() != 0 {
				t.Errorf("%s: %d opened, %d bodies are open", moment, f.TotalOpens(), f.Unclosed())
			}
		})
	}
}

func TestBreakerCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, f := broken(t)
		f.FailAll(storagetest.Refused())
		if err := g.Check(t.Context()); err == nil || strings.Contains(err.Error(), "circuit breaker open") || g.State() != breaker.Open {
			t.Errorf("Check gives %v, state %v; want the backend's own error", err, g.State())
		}
		f.FailAll(nil)
		if err := g.Check(t.Context()); err != nil || g.State() != breaker.Closed || g.Down() {
			t.Errorf("Check gives %v, state %v", err, g.State())
		}
		if err := open(t.Context(), g, "key"); err != nil {
			t.Error(err)
		}
		f.FailAll(storagetest.Refused())
		for range 5 {
			_ = g.Check(t.Context())
		}
		if !g.Down() {
			t.Error("five checks that failed say nothing")
		}
	})
}

func TestBreakerObserver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		tell := func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
		f := storagetest.Named("backend", "key")
		g := breaker.New(f, breaker.Observer{
			Attempted:    func(backend string, took time.Duration, err error) { tell("asked %s %v %t", backend, took, err == nil) },
			BodyFailed:   func(backend string, err error) { tell("broke %s", backend) },
			StateChanged: func(backend string, to breaker.State) { tell("%s is %v", backend, to) },
		})
		f.Delay(time.Second)
		f.BreakNext("key", 1, 1)
		_ = open(t.Context(), g, "key")
		_ = open(t.Context(), g, "key")
		f.FailAll(storagetest.Refused())
		for range 5 {
			_ = open(t.Context(), g, "key")
		}
		f.FailAll(nil)
		check(t, g)
		_ = open(t.Context(), g, "key")
		want := "asked backend 1s true; broke backend; asked backend 1s true; " +
			"asked backend 1s false; asked backend 1s false; asked backend 1s false; asked backend 1s false; " +
			"backend is open; asked backend 1s false; backend is closed; asked backend 1s true"
		if got := strings.Join(told, "; "); got != want {
			t.Errorf("told\n%s\nwant\n%s", got, want)
		}
	})
}

func TestBreakerWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := storagetest.NewStore(nil)
		g := withBreaker(store)
		boom := errors.New("boom")
		for range 10 {
			if err := g.Put(t.Context(), "key", iotest.ErrReader(boom), 3, time.Time{}); !errors.Is(err, boom) {
				t.Errorf("%v, want boom", err)
			}
		}
		if g.Down() {
			t.Error("a source that fails is blamed on the backend")
		}
		store.FailAll(storagetest.Refused())
		for range 5 {
			if _, err := g.Stat(t.Context(), "key"); !errors.Is(err, storage.ErrUnavailable) {
				t.Error(err)
			}
		}
		err := g.Put(t.Context(), "key", strings.NewReader("abc"), 3, time.Time{})
		if !g.Down() || !strings.Contains(err.Error(), "circuit breaker open") {
			t.Errorf("down %t, %v", g.Down(), err)
		}
		store.FailAll(nil)
		check(t, g)
		if err := g.Put(t.Context(), "key", strings.NewReader("abc"), 3, time.Time{}); err != nil || g.Down() {
			t.Errorf("%v, down %t", err, g.Down())
		}
	})
}

func mirrors(origins ...storage.Origin) storage.Origin {
	return hedge.Mirrors(nil, hedge.Observer{}, origins...)
}
