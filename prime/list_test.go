package prime

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/backoff"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

// newShaky is a place with such keys, whose listings break off before some of them.
func newShaky(keys string, breaks ...string) *storagetest.Flaky {
	objects := map[string][]byte{}
	for key := range strings.FieldsSeq(keys) {
		objects[key] = small
	}
	f := storagetest.NewFlaky(objects)
	for _, key := range breaks {
		f.FailList(key, 1, storagetest.ErrDown)
	}
	return f
}

// newDown is newShaky where every listing breaks off before a key.
func newDown(keys, before string) *storagetest.Flaky {
	f := newShaky(keys)
	f.FailList(before, 100, storagetest.ErrDown)
	return f
}

// unordered lists backwards.
func unordered(f *storagetest.Flaky) *storagetest.Flaky {
	f.Unordered = true
	return f
}

// mountedAt mounts origins at prefixes.
func mountedAt(t *testing.T, origins map[string]storage.Origin) *storage.Mounts {
	t.Helper()
	m := &storage.Mounts{}
	for prefix, origin := range origins {
		if err := m.Add(prefix, origin); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// listed are the keys of a selection, and then what was left out, in the order in which
// they come.
func listed(ctx context.Context, s Selection) (keys string, err error) {
	var all, left []string
	for key, err := range s.List(ctx, func(name string) { left = append(left, "-"+name) }) {
		if err != nil {
			return strings.Join(all, " "), err
		}
		all = append(all, string(key))
	}
	slices.Sort(left)
	return strings.Join(append(all, left...), " "), nil
}

// Wherever a listing breaks off, every key is yielded exactly once.
func TestSelectionList(t *testing.T) {
	for _, tt := range []struct {
		name, prefix string
		origins      map[string]storage.Origin
		want         string
		err          error
	}{
		{"the second of two mounts", "", map[string]storage.Origin{
			"x/": newShaky("1.jpg 2.jpg"), "/": newShaky("a b z.jpg", "a", "z.jpg"),
		}, "x/1.jpg x/2.jpg a b z.jpg", nil},
		{"the first", "", map[string]storage.Origin{
			"x/": newShaky("1.jpg 2.jpg", "2.jpg"), "/": newShaky("a y/z z.jpg"),
		}, "x/1.jpg x/2.jpg a y/z z.jpg", nil},
		{"what a longer mount hides", "", map[string]storage.Origin{
			"x/": newShaky("1.jpg"), "/": newShaky("a x x/1.jpg x/3.jpg x//4 y//4 y", "y"),
		}, "x/1.jpg a x y -y//4", nil},
		{"below a prefix", "x/2", map[string]storage.Origin{
			"x/": newShaky("1.jpg 2.jpg 20", "2.jpg"), "y/": newShaky("x/2"), "/": newShaky("x/2 x/21"),
		}, "x/2.jpg x/20", nil},
		{"above a mount", "x", map[string]storage.Origin{
			"x/": newShaky("1.jpg"), "/": newShaky("a xa"),
		}, "x/1.jpg xa", nil},
		{"the second of a chain", "", map[string]storage.Origin{
			"/": storage.Chain(newShaky("a c d", "c"), newShaky("a b d e", "a", "d")),
		}, "a b c d e", nil},
		{"a chain of which one is empty", "", map[string]storage.Origin{
			"/": storage.Chain(newShaky(""), newShaky("b//c a c", "c"), newShaky("a c d")),
		}, "a c d -b//c", nil},
		{"a chain, and a mount", "", map[string]storage.Origin{
			"z/y/": newShaky("1 2"), "/": storage.Chain(newShaky("b z/y/3"), newShaky("a b", "a")),
		}, "z/y/1 z/y/2 a b", nil},
		{"without order", "", map[string]storage.Origin{
			"/": storage.Chain(newShaky("b d"), unordered(newShaky("a c d"))),
		}, "b d c a", nil},
		{"without order, and broken off", "", map[string]storage.Origin{
			"/": storage.Chain(newShaky("b d"), unordered(newShaky("a c", "a"))),
		}, "b c", backoff.ErrUnordered},
		{"one place without order", "", map[string]storage.Origin{
			"/": unordered(newShaky("a z", "a")), "x/": newShaky(""),
		}, "z", backoff.ErrUnordered},
		{"down for long", "", map[string]storage.Origin{
			"x/": newShaky("1.jpg"), "/": newDown("a b", "b"),
		}, "x/1.jpg a", storagetest.ErrDown},
		{"not to be listed", "", map[string]storage.Origin{
			"x/": newShaky("1.jpg"), "/": storage.Chain(newShaky("a"), storagetest.NewFake(nil)),
		}, "x/1.jpg", storage.ErrUnavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			got, err := listed(t.Context(), Selection{Origins: mountedAt(t, tt.origins), Prefix: tt.prefix})
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%s: %s, %v; want %s, %v", tt.name, got, err, tt.want, tt.err)
			}
		})
	}
}

// A key that several backends of a chain have counts as changed when the first backend
// says so, as it would be fetched from there.
func TestSelectionSince(t *testing.T) {
	first, second := newShaky("a b"), newShaky("a b c")
	for place, key := range map[*storagetest.Flaky]string{first: "a", second: "b"} {
		place.SetModTime(key, time.Now())
	}
	got, err := listed(t.Context(), Selection{Origins: mountedAt(t, map[string]storage.Origin{"/": storage.Chain(first, second)}), Since: time.Hour})
	if got != "a" || err != nil {
		t.Errorf("%s, %v; want a", got, err)
	}
}

// A caller may stop the iteration early.
func TestMergedStops(t *testing.T) {
	ended := 0
	letters := func(of string) iter.Seq2[storage.Entry, error] {
		return func(yield func(storage.Entry, error) bool) {
			defer func() { ended++ }()
			for _, c := range of {
				if !yield(storage.Entry{Key: string(c)}, nil) {
					return
				}
			}
		}
	}
	var got strings.Builder
	for e := range storage.MergeLists([]iter.Seq2[storage.Entry, error]{letters("acg"), letters("bc"), letters("h")}) {
		got.WriteString(e.Key)
		if e.Key == "c" {
			break
		}
	}
	if got.String() != "abc" || ended != 3 {
		t.Errorf("%s, and %d of 3 have ended", &got, ended)
	}
}

// A job says what it has left out: what is no key, and what is none below its mount.
func TestRunLeavesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newFixture(t, 2)
		long := strings.Repeat("k", variant.MaxKeyBytes)
		o.origin.Fake.Put("0001//x.jpg", small)
		if err := o.mounts.Add("far/", newShaky("a "+long)); err != nil {
			t.Fatal(err)
		}
		j := o.all(t)
		j.Variants = variants(t, "40x")
		s, err := o.primed(t.Context(), j)
		if err != nil || s.State != Done || s.Made != 3 || s.Finished != 3 || s.Pictures != 3 || s.LeftOut != 2 || s.FirstLeftOut != "far/"+long[:exampleBytes-4]+"…" {
			t.Errorf("%v, %+v", err, s)
		}
	})
}
