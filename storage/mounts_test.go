package storage_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

func TestMountsConform(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T, objects map[string][]byte) storage.Origin {
		return mustMount(t, map[string]storage.Origin{"/": storagetest.NewFake(objects), "elsewhere/": storagetest.Named("elsewhere")})
	})
}

func TestLookup(t *testing.T) {
	t.Parallel()
	all := mustMount(t, map[string]storage.Origin{
		"/": storagetest.Named("root"), "/avatars/": storagetest.Named("avatars"), "avatars/old": storagetest.Named("old"), "ü b": storagetest.Named("odd"),
	})
	some := mustMount(t, map[string]storage.Origin{"a/b/": storagetest.Named("ab")})
	tests := []struct {
		mounts            *storage.Mounts
		key, origin, rest string
	}{
		{all, "cat.jpg", "root", "cat.jpg"},
		{all, "avatars/x.png", "avatars", "x.png"},
		{all, "avatars/a/b.png", "avatars", "a/b.png"},
		{all, "avatars", "root", "avatars"},
		{all, "avatarsx/y", "root", "avatarsx/y"},
		{all, "x/avatars/y", "root", "x/avatars/y"},
		{all, "avatars/old/y", "old", "y"},
		{all, "avatars/older", "avatars", "older"},
		{all, "avatars/old", "avatars", "old"},
		{all, "ü b/x", "odd", "x"},
		{some, "a/b/c", "ab", "c"},
		{some, "a/b", "", ""},
		{some, "a/c", "", ""},
		{new(storage.Mounts), "a", "", ""},
	}
	for _, tt := range tests {
		origin, rest, ok := tt.mounts.Lookup(tt.key)
		if ok != (tt.origin != "") || ok && origin.String() != tt.origin || rest != tt.rest {
			t.Errorf("%s: %v %q %t, want %q %q", tt.key, origin, rest, ok, tt.origin, tt.rest)
		}
	}
}

func TestMountsOpen(t *testing.T) {
	t.Parallel()
	root, avatars := storagetest.Named("root", "avatars/x", "y"), storagetest.Named("avatars", "z")
	m := mustMount(t, map[string]storage.Origin{"/": root, "avatars": avatars})
	if got, err := storagetest.Read(t.Context(), m, "avatars/z"); got != "avatars has z" {
		t.Errorf("avatars/z: %q, %v", got, err)
	}
	_, err := m.Open(t.Context(), "avatars/x", storage.Version{})
	storagetest.WantKind(t, err, storage.ErrNotFound)
	if root.TotalOpens() != 0 {
		t.Error("a shorter prefix was asked, too")
	}
	_, err = mustMount(t, map[string]storage.Origin{"a": root}).Open(t.Context(), "b", storage.Version{})
	storagetest.WantKind(t, err, storage.ErrNotFound)
}

func TestMountsAdd(t *testing.T) {
	t.Parallel()
	m := mustMount(t, map[string]storage.Origin{"/": storagetest.Named("root"), "avatars": storagetest.Named("a")})
	for _, tt := range []struct{ prefix, problem string }{
		{"", "has a source already"},
		{"/avatars/", "has a source already"},
		{"a//b", "empty segment"},
		{"../b", `".."`},
		{"a\nb", "control character"},
		{"//", "too many slashes"},
		{"//a", "empty segment"},
	} {
		if err := m.Add(tt.prefix, storagetest.Named("x")); err == nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%q: error is %v, want one with %q", tt.prefix, err, tt.problem)
		}
	}
	if got, want := m.String(), "/avatars/=a; /=root"; got != want {
		t.Errorf("String is %q, want %q", got, want)
	}
}

func TestMountsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := new(storage.Mounts).Open(ctx, "a", storage.Version{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}

// bucket is a backend that knows its objects by the names of one.
type bucket struct {
	*storagetest.Store
	name, prefix string
}

func (b bucket) KeyOf(bucket, object string) (string, bool) {
	rest, ok := strings.CutPrefix(object, b.prefix)
	return rest, ok && bucket == b.name
}

func newBucket(name, prefix string) bucket {
	store := storagetest.NewStore(nil)
	return bucket{&store, name, prefix}
}

func TestMountsKeys(t *testing.T) {
	t.Parallel()
	whole, part := newBucket("pictures", ""), newBucket("pictures", "avatars/")
	m := mustMount(t, map[string]storage.Origin{
		"/":      storage.Chain(mirrors(withBreaker(whole), withBreaker(newBucket("copy", ""))), storagetest.Named("plain")),
		"faces/": withBreaker(part),
		"again":  storage.Chain(part, newBucket("pictures", "avatars/")),
	})
	tests := []struct {
		bucket, object string
		want           []variant.Key
	}{
		{"pictures", "cat.jpg", []variant.Key{"cat.jpg"}},
		{"copy", "cat.jpg", []variant.Key{"cat.jpg"}},
		{"pictures", "avatars/x.png", []variant.Key{"again/x.png", "faces/x.png", "avatars/x.png"}},
		{"pictures", "faces/x.png", nil},
		{"other", "cat.jpg", nil},
		{"pictures", "a//b", nil},
		{"pictures", "", nil},
		{"pictures", "avatars/", nil},
		{"pictures", "avatars/../x", nil},
	}
	for _, tt := range tests {
		if got := m.Keys(tt.bucket, tt.object); !slices.Equal(got, tt.want) {
			t.Errorf("%s, %s: %q, want %q", tt.bucket, tt.object, got, tt.want)
		}
	}
}

func TestMountsDown(t *testing.T) {
	t.Parallel()
	root, avatars := storagetest.Named("root"), storagetest.NewStore(nil)
	m := mustMount(t, map[string]storage.Origin{"a/": root, "avatars": mirrors(avatars), "readers": readerOnly{root}})
	root.SetDown(true)
	for key, want := range map[string]bool{"a/x": true, "avatars/x": false, "elsewhere": false, "readers/x": false} {
		if got := m.Down(key); got != want {
			t.Errorf("%s: down %t, want %t", key, got, want)
		}
	}
}

// readerOnly is an Origin and nothing else.
type readerOnly struct{ storage.Origin }

func TestMountsLink(t *testing.T) {
	t.Parallel()
	m := mustMount(t, map[string]storage.Origin{"a/": storagetest.Named("root"), "avatars": mirrors(withBreaker(storagetest.NewStore(nil)))})
	u, err := m.Link(t.Context(), "avatars/x y.png", storage.LinkOptions{Expires: time.Hour, Disposition: "inline"})
	if want := "https://fake.example/x%20y.png?disposition=inline&expires=1h0m0s"; u != want || err != nil {
		t.Errorf("%s, %v; want %s", u, err, want)
	}
	_, err = m.Link(t.Context(), "a/x", storage.LinkOptions{})
	storagetest.WantKind(t, err, storage.ErrUnavailable)
	_, err = m.Link(t.Context(), "elsewhere", storage.LinkOptions{})
	storagetest.WantKind(t, err, storage.ErrNotFound)
}

func mustMount(t *testing.T, origins map[string]storage.Origin) *storage.Mounts {
	t.Helper()
	var m storage.Mounts
	for _, prefix := range slices.Sorted(maps.Keys(origins)) {
		if err := m.Add(prefix, origins[prefix]); err != nil {
			t.Fatal(err)
		}
	}
	return &m
}
