package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// A key that is requested over and over is noted once in twenty minutes, and not at all
// while the disk has too little free space.
func TestNoteOnceInTwentyMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for low, want := range map[bool]int{false: 3, true: 0} {
			dir := t.TempDir()
			j, err := OpenJournal(dir, Options{NoSync: true, Free: NewFreeSpace(dir, func(eviction.Space) bool { return low }, nil)})
			if err != nil {
				t.Fatal(err)
			}
			note := func(key variant.Key) {
				if err := j.Note(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
			for range 25 { // minutes
				note("a")
				note("a")
				time.Sleep(time.Minute)
			}
			note("b")
			if keys := journal(t, dir); len(keys) != want {
				t.Errorf("with little free space %v: %q in the journal, want %d lines", low, keys, want)
			}
		}
	})
}

// A key is noted again after the journal was removed, also if other keys were written to
// its file since.
func TestNoteAfterRemoval(t *testing.T) {
	t.Parallel()
	const key = variant.Key("photos/cat.jpg")
	same := variant.Key("") // in the same file
	for i := 0; same == "" || same.Name()[:2] != key.Name()[:2]; i++ {
		same = variant.Key(fmt.Sprintf("photos/%d.jpg", i))
	}
	for name, remove := range map[string]func(t *testing.T, dir string, j *Journal){
		"as it was": func(*testing.T, string, *Journal) {},
		"removed":   func(t *testing.T, dir string, _ *Journal) { mustRemoveAll(t, dir) },
		"removed and begun anew": func(t *testing.T, dir string, j *Journal) {
			mustRemoveAll(t, dir)
			mustNote(t, j, same, same, same)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			j := openJournal(t, dir, nil)
			noteThrice := func() {
				for range 3 {
					if err := j.Note(t.Context(), key); err != nil {
						t.Fatal(err)
					}
				}
			}
			noteThrice()
			remove(t, filepath.Join(dir, "keys"), j)
			noteThrice()
			n := 0
			for _, k := range journal(t, dir) {
				if k == key {
					n++
				}
			}
			if n != 1 {
				t.Errorf("the key is in the journal %d times, want once", n)
			}
		})
	}
}

func mustRemoveAll(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}
