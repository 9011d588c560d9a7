package storagetest

import (
	"context"
	"errors"
	"io"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
)

func TestFakeConforms(t *testing.T) {
	t.Parallel()
	Run(t, func(_ *testing.T, objects map[string][]byte) storage.Origin { return NewFake(objects) })
}

func TestFakeCounts(t *testing.T) {
	t.Parallel()
	f := NewFake(map[string][]byte{"a": []byte("a")})
	first, second := mustOpen(t, f, "a"), mustOpen(t, f, "a")
	_, _ = f.Open(t.Context(), "b", storage.Version{})
	if f.Opens("a") != 2 || f.Opens("b") != 1 || f.TotalOpens() != 3 || f.Unclosed() != 2 {
		t.Errorf("a %d, b %d, total %d, unclosed %d; want 2, 1, 3, 2", f.Opens("a"), f.Opens("b"), f.TotalOpens(), f.Unclosed())
	}
	closeBody(t, first)
	closeBody(t, first)
	closeBody(t, second)
	if f.Unclosed() != 0 {
		t.Errorf("unclosed %d after closing all", f.Unclosed())
	}
}

func TestFakeFails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	f := NewFake(map[string][]byte{"a": []byte("a"), "b": []byte("b")})
	f.Fail("a", boom)
	if _, err := f.Open(t.Context(), "a", storage.Version{}); err != boom {
		t.Errorf("a: %v", err)
	}
	closeBody(t, mustOpen(t, f, "b"))
	f.FailAll(boom)
	if _, err := f.Open(t.Context(), "b", storage.Version{}); err != boom {
		t.Errorf("b: %v", err)
	}
	if err := f.Check(t.Context()); err != boom {
		t.Errorf("Check: %v", err)
	}
	f.Fail("a", nil)
	f.FailAll(nil)
	closeBody(t, mustOpen(t, f, "a"))
}

func TestFakeLies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tell func(*Fake)
		want error
		size int64
	}{
		{"truth", func(*Fake) {}, nil, 10},
		{"truncated", func(f *Fake) { f.Truncate("a", 4) }, storage.ErrUnavailable, 10},
		{"truncated to nothing", func(f *Fake) { f.Truncate("a", 0) }, storage.ErrUnavailable, 10},
		{"no more truncated", func(f *Fake) { f.Truncate("a", 4); f.Truncate("a", -1) }, nil, 10},
		{"announced more", func(f *Fake) { f.Announce("a", 11) }, storage.ErrUnavailable, 11},
		{"announced less", func(f *Fake) { f.Announce("a", 9) }, storage.ErrUnavailable, 9},
		{"announced nothing", func(f *Fake) { f.Announce("a", -1) }, nil, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFake(map[string][]byte{"a": []byte("0123456789")})
			tt.tell(f)
			object := mustOpen(t, f, "a")
			if object.Size != tt.size {
				t.Errorf("Size %d, want %d", object.Size, tt.size)
			}
			if _, err := io.ReadAll(object.Body); !errors.Is(err, tt.want) {
				t.Errorf("reading gives %v, want %v", err, tt.want)
			}
		})
	}
}

func TestFakeWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := NewFake(map[string][]byte{"a": []byte("a")})
		f.Delay(3 * time.Second)
		start := time.Now()
		mustOpen(t, f, "a")
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := f.Open(ctx, "a", storage.Version{})
		wantOnly(t, "Open", err, context.DeadlineExceeded)
	})
}

func TestFakeHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := NewFake(map[string][]byte{"a": []byte("a")})
		release := f.Hold()
		opened := make(chan *storage.Object, 1)
		go func() { opened <- mustOpen(t, f, "a") }()
		synctest.Wait()
		if len(opened) != 0 || f.Opens("a") != 1 {
			t.Fatalf("opened %d, counted %d", len(opened), f.Opens("a"))
		}
		release()
		release()
		before := <-opened
		releaseBody := f.HoldBodies()
		if got, err := io.ReadAll(before.Body); err != nil || string(got) != "a" {
			t.Errorf("a body opened before HoldBodies: %q, %v", got, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		object, err := f.Open(ctx, "a", storage.Version{})
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, 1)
		go func() { _, err := object.Body.Read(make([]byte, 1)); failed <- err }()
		synctest.Wait()
		if len(failed) != 0 {
			t.Error("Read did not wait")
		}
		cancel()
		wantOnly(t, "Read", <-failed, context.Canceled)
		releaseBody()
	})
}

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	newStore := func(_ *testing.T, objects map[string][]byte) storage.Origin { return NewStore(objects) }
	Run(t, newStore)
	RunWriter(t, newStore)
	RunLister(t, newStore)
}

func TestStoreLinks(t *testing.T) {
	t.Parallel()
	var store Store
	RunLinker(t, func(_ *testing.T, objects map[string][]byte) storage.Origin {
		store = NewStore(objects)
		return store
	}, func(t *testing.T, s string) ([]byte, string, bool) {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		data, ok := store.Bytes(u.Path[1:])
		return data, u.Query().Get("disposition"), ok
	})
}

func TestStoreSkips(t *testing.T) {
	t.Parallel()
	var skipped []string
	store := NewStore(map[string][]byte{"a": nil, "b//c": nil, "d": nil})
	keys := []string{}
	for entry := range store.List(t.Context(), "", func(key string) { skipped = append(skipped, key) }) {
		keys = append(keys, entry.Key)
	}
	if !slices.Equal(keys, []string{"a", "d"}) || !slices.Equal(skipped, []string{"b//c"}) {
		t.Errorf("keys %q, skipped %q", keys, skipped)
	}
}

func TestFakeForAWhile(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	f := NewFake(map[string][]byte{"a": []byte("0123456789")})
	f.FailNext(1, boom)
	f.BreakNext("a", 4, 1)
	if _, err := f.Open(t.Context(), "a", storage.Version{}); err != boom {
		t.Errorf("first: %v", err)
	}
	if got, err := read(t.Context(), f, "a"); string(got) != "0123" || !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("second: %q, %v", got, err)
	}
	if got, err := read(t.Context(), f, "a"); string(got) != "0123456789" || err != nil {
		t.Errorf("third: %q, %v", got, err)
	}
}
