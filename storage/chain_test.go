package storage_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func TestChainConforms(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(_ *testing.T, objects map[string][]byte) storage.Origin {
		return storage.Chain(storagetest.Named("empty"), storagetest.NewFake(objects), storagetest.Named("last"))
	})
}

func TestChain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		has   []string // of backends 0, 1, 2: "yes", "no", "down"
		want  string   // the backend that serves; "" for none
		kind  error
		asked []int
	}{
		{"first", []string{"yes", "yes", "yes"}, "0", nil, []int{1, 0, 0}},
		{"second", []string{"no", "yes", "yes"}, "1", nil, []int{1, 1, 0}},
		{"last", []string{"no", "no", "yes"}, "2", nil, []int{1, 1, 1}},
		{"all say no", []string{"no", "no", "no"}, "", storage.ErrNotFound, []int{1, 1, 1}},
		{"behind one that is down", []string{"down", "no", "yes"}, "2", nil, []int{1, 1, 1}},
		{"perhaps in the first", []string{"down", "no", "no"}, "", storage.ErrUnavailable, []int{1, 1, 1}},
		{"perhaps in the last", []string{"no", "no", "down"}, "", storage.ErrUnavailable, []int{1, 1, 1}},
		{"all down", []string{"down", "down", "down"}, "", storage.ErrUnavailable, []int{1, 1, 1}},
		{"perhaps in one that refuses", []string{"no", "refuses", "no"}, "", storage.ErrUnavailable, []int{1, 1, 1}},
		{"version known", []string{"no", "known", "yes"}, "", storage.ErrNotModified, []int{1, 1, 0}},
		{"version known behind one that is down", []string{"down", "known", "yes"}, "", storage.ErrNotModified, []int{1, 1, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var origins []storage.Origin
			var fakes []*storagetest.Fake
			for i, has := range tt.has {
				f := storagetest.Named(string(rune('0' + i)))
				f.Behave(has)
				fakes, origins = append(fakes, f), append(origins, f)
			}
			got, err := storagetest.Read(t.Context(), known{storage.Chain(origins...)}, "key")
			if got != tt.want {
				t.Errorf("read %q, want %q", got, tt.want)
			}
			storagetest.WantKind(t, err, tt.kind)
			for i, f := range fakes {
				if f.Opens("key") != tt.asked[i] {
					t.Errorf("backend %d was asked %d times, want %d", i, f.Opens("key"), tt.asked[i])
				}
				failed := tt.has[i] == "down" || tt.has[i] == "refuses"
				if tt.kind == storage.ErrUnavailable && strings.Contains(err.Error(), "backend "+f.String()) != failed {
					t.Errorf("%v: is backend %d, which is %q, named?", err, i, tt.has[i])
				}
			}
		})
	}
}

// known opens for somebody who has the version "known".
type known struct{ storage.Origin }

func (k known) Open(ctx context.Context, key string, _ storage.Version) (*storage.Object, error) {
	return k.Origin.Open(ctx, key, storage.Version{ETag: "known"})
}

func TestChainPassesOn(t *testing.T) {
	t.Parallel()
	plain, first, second := storagetest.Named("plain"), storagetest.NewStore(nil), storagetest.NewStore(nil)
	first.SetName("first")
	second.SetName("second")
	guarded := withBreaker(first)
	c := storage.Chain(plain, mirrors(guarded), second)
	for _, want := range []string{"https://first.example/", "https://second.example/"} {
		u, err := c.(storage.Linker).Link(t.Context(), "key", storage.LinkOptions{Expires: time.Minute})
		if err != nil || !strings.HasPrefix(u, want) {
			t.Errorf("link %s, %v; want %s", u, err, want)
		}
		first.FailAll(storagetest.Refused())
		for range 5 {
			_ = guarded.Check(t.Context())
		}
	}
	plain.SetDown(true)
	if c.(storage.Health).Down() {
		t.Error("down although the last backend is not")
	}
	second.SetDown(true)
	if !c.(storage.Health).Down() {
		t.Error("not down although all places are")
	}
}

// TestChainOddErrors: what is neither kind counts as ErrUnavailable, also if it
// looks like a context's error or claims both kinds.
func TestChainOddErrors(t *testing.T) {
	t.Parallel()
	for _, odd := range []error{
		errors.New("odd"), context.DeadlineExceeded, context.Canceled, errors.Join(storage.ErrNotFound, storage.ErrUnavailable),
	} {
		f := storagetest.Named("odd")
		f.FailAll(odd)
		_, err := storage.Chain(f, storagetest.Named("empty")).Open(t.Context(), "key", storage.Version{})
		storagetest.WantKind(t, err, storage.ErrUnavailable)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("%v is taken for the caller's", err)
		}
	}
}

func TestChainCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := storagetest.Named("first"), storagetest.Named("second", "key")
		defer first.Hold()()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := storage.Chain(first, second).Open(ctx, "key", storage.Version{})
		if !errors.Is(err, context.DeadlineExceeded) || second.TotalOpens() != 0 {
			t.Errorf("error is %v, second was asked %d times; want the context's, 0", err, second.TotalOpens())
		}
		storagetest.WantKind(t, err, nil)
	})
}

func TestChainOfFew(t *testing.T) {
	t.Parallel()
	one := storagetest.Named("one")
	if storage.Chain(one) != storage.Origin(one) {
		t.Error("a chain of one is not that one")
	}
	none := storage.Chain()
	_, err := none.Open(t.Context(), "key", storage.Version{})
	storagetest.WantKind(t, err, storage.ErrNotFound)
	if none.String() == "" {
		t.Error("it has no name")
	}
}
