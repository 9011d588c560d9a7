package storage_test

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
	"github.com/thumbery/thumbery/storage/storagetest"
)

func TestMirrorsConform(t *testing.T) {
	storagetest.Run(t, func(_ *testing.T, objects map[string][]byte) storage.Origin {
		return mirrors(guard(storagetest.NewFake(objects)), fake("second"))
	})
	store := func(_ *testing.T, objects map[string][]byte) storage.Origin {
		return mirrors(guard(storagetest.NewStore(objects)))
	}
	storagetest.RunWriter(t, store)
	storagetest.RunLister(t, store)
}

// TestMirrorsOfOneConform: with the first one dead. That Check fails is right, and
// that nobody can say what is not there.
func TestMirrorsOfOneConform(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, objects map[string][]byte) storage.Origin {
		for _, part := range []string{"/Check", "/Missing", "/NotModified", "/Concurrent"} {
			if strings.Contains(t.Name(), part) {
				t.Skip("one of the places is down")
			}
		}
		dead := fake("dead")
		dead.FailAll(down(t))
		return mirrors(dead, guard(storagetest.NewFake(objects)))
	})
}

func TestMirrors(t *testing.T) {
	tests := []struct {
		name  string
		has   []string // of places 0, 1, 2
		want  string   // the place that serves; "" for none
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
				f := fake(fmt.Sprint(i))
				tell(t, f, has)
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
					t.Errorf("place %d was asked %d times, want %d; %d bodies are open", i, f.Opens("key"), tt.asked[i], f.Unclosed())
				}
				if errors.Is(tt.kind, storage.ErrUnavailable) && tt.has[i] != "no" && !strings.Contains(err.Error(), "place "+f.String()) {
					t.Errorf("%v: %d is not named", err, i)
				}
			}
		})
	}
}

// tell makes a fake have "key", or not, or fail.
func tell(t *testing.T, f *storagetest.Fake, has string) {
	switch has {
	case "yes":
		f.Put("key", []byte(f.String()))
	case "known":
		f.Put("key", []byte(f.String()))
		f.SetETag("key", "known")
	case "down":
		f.FailAll(storage.Unavailable(t.Context(), "place "+f.String(), errors.New("connection refused")))
	case "refuses":
		f.FailAll(fmt.Errorf("place %s: %w", f, storage.ErrRefused))
	}
}

func TestMirrorsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := fake("first", "key"), fake("second", "key")
		defer first.Hang()()
		defer second.Hang()()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := storage.Mirrors(after300ms, storage.MirrorObserver{}, first, second).Open(ctx, "key", storage.Version{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the context's error", err)
		}
		wantKind(t, err, nil)
	})
}

func TestMirrorsObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		a, b, c := fake("a", "key"), fake("b", "key"), fake("c", "key")
		a.Delay(time.Second)
		b.FailAll(down(t))
		for _, f := range []*storagetest.Fake{a, b, c} {
			f.Put("key", []byte("the same"))
		}
		c.BreakNext("key", 3, 1)
		m := storage.Mirrors(after300ms, storage.MirrorObserver{
			Hedged:     func(place string) { told = append(told, "hedged "+place) },
			FailedOver: func(place string) { told = append(told, "failed over "+place) },
			Resumed:    func(place string) { told = append(told, "resumed "+place) },
		}, a, b, c)
		if got, err := readAll(t, m, "key"); got != "the same" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if want := []string{"hedged b", "failed over c", "resumed a"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

func TestMirrorsPassOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, plain, second := storagetest.NewStore(nil), fake("plain"), storagetest.NewStore(nil)
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
		wantKind(t, err, storage.ErrUnavailable)
		_, err = mirrors().Open(t.Context(), "key", storage.Version{})
		wantKind(t, err, storage.ErrUnavailable)
		if m.String() != "first | plain | second" || mirrors().(storage.Health).Down() {
			t.Errorf("String %q", m)
		}
	})
}

// TestMirrorsContexts: that of the loser ends at once, and that of the winner
// with its body.
func TestMirrorsContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctxs := map[string]context.Context{}
		var mu sync.Mutex
		spy := func(f *storagetest.Fake) storage.Origin {
			return openFunc{f, func(ctx context.Context, key string) (*storage.Object, error) {
				mu.Lock()
				ctxs[f.String()] = ctx
				mu.Unlock()
				return f.Open(ctx, key, storage.Version{})
			}}
		}
		slow, quick := fake("slow", "key"), fake("quick", "key")
		slow.Delay(time.Hour)
		object, err := storage.Mirrors(after300ms, storage.MirrorObserver{}, spy(slow), spy(quick)).Open(t.Context(), "key", storage.Version{})
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

// TestMirrorsDoNotRetry: where there is somebody else to ask, a place that is dead
// takes its time once. The last is tried again.
func TestMirrorsDoNotRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead, well := fake("dead", "key"), fake("well", "key")
		dead.Delay(5 * time.Second)
		dead.FailAll(down(t))
		start := time.Now()
		got, err := readAll(t, mirrors(guard(dead), guard(well)), "key")
		if took := time.Since(start); err != nil || got != "well has key" || took != 5*time.Second || dead.TotalOpens() != 1 {
			t.Errorf("%q, %v after %v, with %d tries", got, err, took, dead.TotalOpens())
		}
		well.FailNext(1, down(t))
		if _, err := readAll(t, mirrors(guard(dead), guard(well)), "key"); err != nil || dead.TotalOpens() != 2 || well.TotalOpens() != 3 {
			t.Errorf("%v, with %d and %d tries; want 2 and 3", err, dead.TotalOpens(), well.TotalOpens())
		}
		wantKind(t, open(t.Context(), mirrors(guard(dead)), "key"), storage.ErrUnavailable)
		if dead.TotalOpens() != 4 {
			t.Errorf("one that is alone was tried %d times, want 2", dead.TotalOpens()-2)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := open(ctx, mirrors(guard(dead), guard(well)), "key"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline", err)
		}
	})
}
