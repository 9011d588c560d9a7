package hedge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/breaker"
	"github.com/thumbery/thumbery/storage/hedge"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func withBreaker(o storage.Backend) *breaker.Origin { return breaker.New(o, breaker.Observer{}) }

func mirrors(origins ...storage.Origin) storage.Origin {
	return hedge.Mirrors(nil, hedge.Observer{}, origins...)
}

// open opens and reads an object, and returns the error of either.
func open(ctx context.Context, o storage.Origin, key string) error {
	_, err := storagetest.Read(ctx, o, key)
	return err
}

func TestMirrorsConform(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(_ *testing.T, objects map[string][]byte) storage.Origin {
		return mirrors(withBreaker(storagetest.NewFake(objects)), storagetest.Named("second"))
	})
	store := func(_ *testing.T, objects map[string][]byte) storage.Origin {
		return mirrors(withBreaker(storagetest.NewStore(objects)))
	}
	storagetest.RunWriter(t, store)
	storagetest.RunLister(t, store)
}

// TestMirrorsOfOneConform: with the first one dead, nobody can say what is not there.
func TestMirrorsOfOneConform(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T, objects map[string][]byte) storage.Origin {
		for _, part := range []string{"/Missing", "/NotModified", "/Concurrent"} {
			if strings.Contains(t.Name(), part) {
				t.Skip("one of the backends is down")
			}
		}
		dead := storagetest.Named("dead")
		dead.FailAll(storagetest.Refused())
		return mirrors(dead, withBreaker(storagetest.NewFake(objects)))
	})
}

func TestMirrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		has   []string // of backends 0, 1, 2
		want  string   // the backend that serves; "" for none
		kind  error
		asked []int
	}{
		{"first", []string{"yes", "yes", "yes"}, "0", nil, []int{1, 0, 0}},
		{"first says no", []string{"no", "yes", "yes"}, "", storage.ErrNotFound, []int{1, 0, 0}},
		{"first has the version", []string{"known", "yes", "yes"}, "", storage.ErrNotModified, []int{1, 0, 0}},
		{"first is down", []string{"down", "yes", "yes"}, "1", nil, []int{1, 1, 0}},
		{"first refuses", []string{"refuses", "yes", "yes"}, "1", nil, []int{1, 1, 0}},
		{"first is down, second says no", []string{"down", "no", "yes"}, "2", nil, []int{1, 1, 1}},
		{"first is down, the others say no", []string{"down", "no", "no"}, "", storage.ErrUnavailable, []int{1, 1, 1}},
		{"first is down, second has the version", []string{"down", "known", "yes"}, "", storage.ErrNotModified, []int{1, 1, 0}},
		{"two are down", []string{"down", "down", "yes"}, "2", nil, []int{1, 1, 1}},
		{"all are down", []string{"down", "down", "down"}, "", storage.ErrUnavailable, []int{1, 1, 1}},
		{"all refuse", []string{"refuses", "refuses", "refuses"}, "", storage.ErrRefused, []int{1, 1, 1}},
		{"some refuse", []string{"refuses", "down", "refuses"}, "", storage.ErrUnavailable, []int{1, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var origins []storage.Origin
			var fakes []*storagetest.Fake
			for i, has := range tt.has {
				f := storagetest.Named(fmt.Sprint(i))
				f.Behave(has)
				fakes, origins = append(fakes, f), append(origins, f)
			}
			object, err := mirrors(origins...).Open(t.Context(), "key", storage.Version{ETag: "known"})
			if err == nil {
				got, _ := io.ReadAll(object.Body)
				_ = object.Body.Close()
				if string(got) != tt.want {
					t.Errorf("read %q, want %q", got, tt.want)
				}
			}
			if !errors.Is(err, tt.kind) || errors.Is(err, storage.ErrRefused) != (tt.kind == storage.ErrRefused) {
				t.Errorf("error is %v, want %v", err, tt.kind)
			}
			for i, f := range fakes {
				if f.Opens("key") != tt.asked[i] || f.Unclosed() != 0 {
					t.Errorf("backend %d was asked %d times, want %d; %d bodies are open", i, f.Opens("key"), tt.asked[i], f.Unclosed())
				}
				if errors.Is(tt.kind, storage.ErrUnavailable) && tt.has[i] != "no" && !strings.Contains(err.Error(), "backend "+f.String()) {
					t.Errorf("%v: %d is not named", err, i)
				}
			}
		})
	}
}

func TestMirrorsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := storagetest.Named("first", "key"), storagetest.Named("second", "key")
		defer first.Hang()()
		defer second.Hang()()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := hedge.Mirrors(after300ms, hedge.Observer{}, first, second).Open(ctx, "key", storage.Version{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the context's error", err)
		}
		storagetest.WantKind(t, err, nil)
	})
}

func TestMirrorsObserver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		a, b, c := storagetest.Named("a", "key"), storagetest.Named("b", "key"), storagetest.Named("c", "key")
		a.Delay(time.Second)
		b.FailAll(storagetest.Refused())
		for _, f := range []*storagetest.Fake{a, b, c} {
			f.Put("key", []byte("the same"))
		}
		c.BreakNext("key", 3, 1)
		m := hedge.Mirrors(after300ms, hedge.Observer{
			Hedged:     func(backend string) { told = append(told, "hedged "+backend) },
			FailedOver: func(backend string) { told = append(told, "failed over "+backend) },
			Resumed:    func(backend string) { told = append(told, "resumed "+backend) },
		}, a, b, c)
		if got, err := storagetest.Read(t.Context(), m, "key"); got != "the same" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if want := []string{"hedged b", "failed over c", "resumed a"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

func TestMirrorsPassOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, plain, second := storagetest.NewStore(nil), storagetest.Named("plain"), storagetest.NewStore(nil)
		first.SetName("first")
		second.SetName("second")
		m := mirrors(first, plain, second)
		link := func() string {
			u, err := m.(storage.Linker).Link(t.Context(), "a b", storage.LinkOptions{Expires: time.Minute})
			if err != nil {
				t.Error(err)
			}
			return u
		}
		if got, want := link(), "https://first.example/a%20b?disposition=&expires=1m0s"; got != want {
			t.Errorf("link %s, want %s", got, want)
		}
		first.SetDown(true)
		plain.SetDown(true)
		if got := link(); !strings.HasPrefix(got, "https://second.example/") || m.(storage.Health).Down() {
			t.Errorf("link %s, down %t; want that of the second", got, m.(storage.Health).Down())
		}
		if err := m.(storage.Writer).Put(t.Context(), "key", strings.NewReader("abc"), 3, time.Time{}); err != nil {
			t.Error(err)
		}
		if got, ok := second.Bytes("key"); !ok || string(got) != "abc" {
			t.Errorf("the second has %q, %t", got, ok)
		}
		if entry, err := m.(storage.Writer).Stat(t.Context(), "key"); err != nil || entry.Size != 3 {
			t.Errorf("%+v, %v", entry, err)
		}
		second.SetDown(true)
		if got := link(); !strings.HasPrefix(got, "https://first.example/") || !m.(storage.Health).Down() {
			t.Errorf("link %s, down %t; all are down", got, m.(storage.Health).Down())
		}
		_, err := mirrors(plain).(storage.Linker).Link(t.Context(), "key", storage.LinkOptions{})
		storagetest.WantKind(t, err, storage.ErrUnavailable)
		_, err = mirrors().Open(t.Context(), "key", storage.Version{})
		storagetest.WantKind(t, err, storage.ErrUnavailable)
		if m.String() != "first | plain | second" || mirrors().(storage.Health).Down() {
			t.Errorf("String %q", m)
		}
	})
}

// TestMirrorsContexts: that of the loser ends at once, and that of the winner
// with its body.
func TestMirrorsContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctxs := map[string]context.Context{}
		var mu sync.Mutex
		spy := func(f *storagetest.Fake) storage.Origin {
			return storagetest.OpenFunc{Fake: f, Func: func(ctx context.Context, key string) (*storage.Object, error) {
				mu.Lock()
				ctxs[f.String()] = ctx
				mu.Unlock()
				return f.Open(ctx, key, storage.Version{})
			}}
		}
		slow, quick := storagetest.Named("slow", "key"), storagetest.Named("quick", "key")
		slow.Delay(time.Hour)
		object, err := hedge.Mirrors(after300ms, hedge.Observer{}, spy(slow), spy(quick)).Open(t.Context(), "key", storage.Version{})
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if ctxs["slow"].Err() == nil || ctxs["quick"].Err() != nil {
			t.Errorf("the loser's: %v, the winner's: %v", ctxs["slow"].Err(), ctxs["quick"].Err())
		}
		_ = object.Body.Close()
		if ctxs["quick"].Err() == nil {
			t.Error("the winner's goes on after Close")
		}
	})
}

// TestMirrorsDoNotRetry: where there is somebody else to ask, a backend that is dead
// takes its time once. The last is tried again.
func TestMirrorsDoNotRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead, well := storagetest.Named("dead", "key"), storagetest.Named("well", "key")
		dead.Delay(5 * time.Second)
		dead.FailAll(storagetest.Refused())
		start := time.Now()
		got, err := storagetest.Read(t.Context(), mirrors(withBreaker(dead), withBreaker(well)), "key")
		if took := time.Since(start); err != nil || got != "well has key" || took != 5*time.Second || dead.TotalOpens() != 1 {
			t.Errorf("%q, %v after %v, with %d tries", got, err, took, dead.TotalOpens())
		}
		well.FailNext(1, storagetest.Refused())
		if _, err := storagetest.Read(t.Context(), mirrors(withBreaker(dead), withBreaker(well)), "key"); err != nil || dead.TotalOpens() != 2 || well.TotalOpens() != 3 {
			t.Errorf("%v, with %d and %d tries; want 2 and 3", err, dead.TotalOpens(), well.TotalOpens())
		}
		storagetest.WantKind(t, open(t.Context(), mirrors(withBreaker(dead)), "key"), storage.ErrUnavailable)
		if dead.TotalOpens() != 4 {
			t.Errorf("one that is alone was tried %d times, want 2", dead.TotalOpens()-2)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := open(ctx, mirrors(withBreaker(dead), withBreaker(well)), "key"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline", err)
		}
	})
}

// TestMirrorsPanic: without a circuit breaker, too, a panic in a goroutine does not end
// the process.
func TestMirrorsPanic(t *testing.T) {
	t.Parallel()
	flaky := storagetest.NewFlaky(nil)
	flaky.FailOpen("key", 1, storagetest.ErrPanic)
	if err := open(t.Context(), mirrors(flaky, storagetest.Named("good", "key")), "key"); err != nil {
		t.Error(err)
	}
}
