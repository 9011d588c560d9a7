package disk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// album has pictures with their mezzanines and derivatives.
func album(keys ...variant.Key) (files []planted) {
	for _, k := range keys {
		files = append(files,
			planted{eviction.Originals, k, 0, 0, 1000},
			planted{eviction.Mezzanines, k, 1, 3 * day, 300},
			planted{eviction.Derivatives, k, 1, 0, 10},
			planted{eviction.Derivatives, k, 2, 90 * day, 20})
	}
	return files
}

func TestForget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		keys     []variant.Key
		prefixes []string
		goes     []variant.Key
		pictures int64
	}{
		{name: "nothing"},
		{name: "unknown", keys: []variant.Key{"photos/none.jpg"}, prefixes: []string{"none/"}},
		{name: "a key", keys: []variant.Key{"photos/2019/a.jpg"}, goes: []variant.Key{"photos/2019/a.jpg"}, pictures: 1},
		{name: "a key that was not noted", keys: []variant.Key{"unnoted"}, goes: []variant.Key{"unnoted"}, pictures: 1},
		{name: "keys", keys: []variant.Key{"photos/2019/a.jpg", "b", "b"}, goes: []variant.Key{"photos/2019/a.jpg", "b"}, pictures: 2},
		{
			name: "a prefix", prefixes: []string{"photos/2019/"},
			goes: []variant.Key{"photos/2019/a.jpg", "photos/2019/ü b.jpg"}, pictures: 2,
		},
		{
			name: "a prefix that is no directory", prefixes: []string{"photos/2019"},
			goes: []variant.Key{"photos/2019/a.jpg", "photos/2019/ü b.jpg", "photos/2019b"}, pictures: 3,
		},
		{
			name: "both", keys: []variant.Key{"unnoted"}, prefixes: []string{"photos/2019b", "photos/2020/"},
			goes: []variant.Key{"unnoted", "photos/2019b", "photos/2020/a.jpg"}, pictures: 3,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			noted := []variant.Key{"photos/2019/a.jpg", "photos/2019/ü b.jpg", "photos/2019b", "photos/2020/a.jpg", "b"}
			files := album(append(noted, "unnoted")...)
			dir := plant(t, files...)
			mustNote(t, openJournal(t, dir, nil), noted...)
			before := tree(t, dir)
			for _, dry := range []bool{true, false} {
				s, err := Forget(t.Context(), dir, tt.keys, tt.prefixes, ForgetOptions{DryRun: dry})
				if err != nil {
					t.Fatal(err)
				}
				s.Originals.Disk, s.Mezzanines.Disk, s.Derivatives.Disk = 0, 0, 0
				want := ForgetSummary{DryRun: dry, Pictures: tt.pictures, PerTier: eviction.PerTier[eviction.Count]{
					Originals:   eviction.Count{Files: tt.pictures, Bytes: 1000 * tt.pictures},
					Mezzanines:  eviction.Count{Files: tt.pictures, Bytes: 300 * tt.pictures},
					Derivatives: eviction.Count{Files: 2 * tt.pictures, Bytes: 30 * tt.pictures},
				}}
				if s != want {
					t.Errorf("dry run %v: %+v, want %+v", dry, s, want)
				}
				if dry {
					wantTree(t, dir, before...)
				}
			}
			gone := paths(album(tt.goes...))
			wantTree(t, dir, slices.DeleteFunc(before, func(p string) bool { return slices.Contains(gone, p) })...)
		})
	}
}

func TestForgetWhatDoesNotGo(t *testing.T) {
	t.Parallel()
	dir := plant(t, album("a")...)
	s, err := Forget(t.Context(), dir, []variant.Key{"a"}, nil, ForgetOptions{unlink: func(*os.File, string) error { return unix.EACCES }})
	if err != nil || s.Failed != 4 || s.Originals.Files != 0 || !strings.Contains(s.Failure, "permission denied") {
		t.Errorf("%+v, %v", s, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Forget(ctx, dir, []variant.Key{"a"}, nil, ForgetOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	wantTree(t, dir, paths(album("a"))...)
}

// TestForgetMezzanineAlone forgets a picture of which there is only a mezzanine.
func TestForgetMezzanineAlone(t *testing.T) {
	t.Parallel()
	alone := planted{eviction.Mezzanines, "photos/a.jpg", 1, day, 300}
	stays := planted{eviction.Mezzanines, "b", 1, day, 300}
	dir := plant(t, alone, stays)
	mustNote(t, openJournal(t, dir, nil), alone.key, stays.key)
	s, err := Forget(t.Context(), dir, nil, []string{"photos/"}, ForgetOptions{})
	if err != nil || s.Pictures != 1 || s.Mezzanines.Files != 1 || s.Mezzanines.Bytes != 300 || s.Failed != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if exists(filepath.Join(dir, alone.path())) || !exists(filepath.Join(dir, stays.path())) {
		t.Errorf("there are %q", tree(t, dir))
	}
}

// TestForgetAllocatesLittle bounds the memory for each picture and for each call. It was
// 1.2 MB for the three directories of a picture once. It is 2 KB now, and 35 KB with the race
// detector, which drops some of what is put into a sync.Pool, at random.
func TestForgetAllocatesLittle(t *testing.T) {
	allocated := func(pictures int) uint64 {
		dir := albumOf(t, pictures)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := Forget(t.Context(), dir, nil, []string{"photos/"}, ForgetOptions{})
		runtime.ReadMemStats(&after)
		if err != nil || f.Pictures != int64(pictures) {
			t.Fatalf("%+v, %v", f, err)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	few, many := allocated(10), allocated(110)
	t.Logf("%d bytes for 10 pictures, %d for 110", few, many)
	if many > few && (many-few)/100 > 128<<10 {
		t.Errorf("each picture takes %d bytes, want 128 KiB at most", (many-few)/100)
	}
	if few > 4<<20 {
		t.Errorf("a call takes %d bytes, want 4 MiB at most", few)
	}
}

// Forget does not wait for a purge.
func TestForgetBesidePurge(t *testing.T) {
	t.Parallel()
	dir := plant(t, album("a")...)
	unlock, err := lockPurge(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if s, err := Forget(t.Context(), dir, []variant.Key{"a"}, nil, ForgetOptions{}); err != nil || s.Pictures != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	wantTree(t, dir)
}
