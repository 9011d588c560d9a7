package storagetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// RunLister checks that an origin keeps the promises of storage.Lister, and that
// it lists in the order of the keys' bytes. newOrigin is as in Run; what it makes
// must be a Lister.
func RunLister(t *testing.T, newOrigin func(t *testing.T, objects map[string][]byte) storage.Origin) {
	parts := []struct {
		name string
		run  func(*testing.T, factory)
	}{
		{"Entries", testEntries},
		{"Prefixes", testPrefixes},
		{"ListOddKeys", testListOddKeys},
		{"Many", testMany},
		{"ListCancelledBefore", testListCancelledBefore},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.run(t, newOrigin) })
	}
}

// list collects the keys of a listing up to its first error.
func list(ctx context.Context, origin storage.Origin, prefix string) (keys []string, err error) {
	for entry, err := range origin.(storage.Lister).List(ctx, prefix, nil) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, entry.Key)
	}
	return keys, nil
}

func wantKeys(t *testing.T, origin storage.Origin, prefix string, want []string) {
	t.Helper()
	want = slices.Sorted(slices.Values(want))
	got, err := list(t.Context(), origin, prefix)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q: %d entries %.300q, %v; want %d %.300q", prefix, len(got), got, err, len(want), want)
	}
}

func testEntries(t *testing.T, newOrigin factory) {
	origin := newOrigin(t, map[string][]byte{"a": []byte("one"), "b/c": []byte("three"), "empty": {}})
	for entry, err := range origin.(storage.Lister).List(t.Context(), "", nil) {
		if err != nil {
			t.Fatal(err)
		}
		object := stat(t, origin, entry.Key)
		if entry.Size != object.Size || !entry.ModTime.Equal(object.ModTime) || entry.ModTime.Location() != time.UTC ||
			entry.ETag != "" && entry.ETag != object.ETag {
			t.Errorf("%+v, but Open gives size %d, time %v, ETag %q", entry, object.Size, object.ModTime, object.ETag)
		}
	}
	wantKeys(t, origin, "", []string{"a", "b/c", "empty"})
	wantKeys(t, newOrigin(t, nil), "", nil)
}

func testPrefixes(t *testing.T, newOrigin factory) {
	keys := []string{"a", "photos/cat.jpg", "photos/cats/1.jpg", "photos/cats/2.jpg", "photos/dog.jpg", "photos.txt", "photo"}
	objects := map[string][]byte{}
	for _, key := range keys {
		objects[key] = []byte(key)
	}
	origin := newOrigin(t, objects)
	for _, prefix := range []string{"", "a", "p", "photo", "photos", "photos/", "photos/c", "photos/cats/", "photos/cats/1.jpg", "photos/cats/3", "x/y/z", "photos/cat.jpg/"} {
		want := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !strings.HasPrefix(key, prefix) })
		wantKeys(t, origin, prefix, want)
	}
}

func testListOddKeys(t *testing.T, newOrigin factory) {
	objects := map[string][]byte{}
	for _, key := range append([]string{"x/y", "x.y", "x-y", "x0"}, oddKeys...) {
		objects[key] = []byte(key)
	}
	origin := newOrigin(t, objects)
	wantKeys(t, origin, "", slices.Collect(maps.Keys(objects)))
	for _, key := range oddKeys {
		if got, err := list(t.Context(), origin, key); err != nil || !slices.Contains(got, key) {
			t.Errorf("%q as a prefix: %q, %v", key, got, err)
		}
	}
}

// many is more than S3 gives at once.
const many = 1003

func testMany(t *testing.T, newOrigin factory) {
	objects := map[string][]byte{}
	for i := range many {
		objects[fmt.Sprintf("many/%d/%d.jpg", i%3, i)] = []byte{byte(i)}
	}
	origin := newOrigin(t, objects)
	t.Run("All", func(t *testing.T) { wantKeys(t, origin, "many/", slices.Collect(maps.Keys(objects))) })
	t.Run("Stop", func(t *testing.T) { testListStops(t, origin) })
	t.Run("Cancel", func(t *testing.T) { testListCancelled(t, origin) })
}

func testListStops(t *testing.T, origin storage.Origin) {
	for _, stop := range []int{1, 1000, 1001} {
		n := 0
		for _, err := range origin.(storage.Lister).List(t.Context(), "", nil) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%d entries, want %d", n, stop)
		}
	}
}

func testListCancelled(t *testing.T, origin storage.Origin) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range origin.(storage.Lister).List(ctx, "", nil) {
		if last != nil {
			t.Fatalf("something comes after %v", last)
		}
		if last = err; err == nil {
			n++
		}
		if n == 1 {
			cancel()
		}
	}
	wantOnly(t, "the last entry", last, context.Canceled)
}

func testListCancelledBefore(t *testing.T, newOrigin factory) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	keys, err := list(ctx, newOrigin(t, map[string][]byte{"a": []byte("a")}), "")
	wantOnly(t, "List", err, context.Canceled)
	if len(keys) != 0 {
		t.Errorf("%q came before that", keys)
	}
}
