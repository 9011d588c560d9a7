package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

type countingJournal int

func (c *countingJournal) Note(variant.Key) (int64, error) { *c++; return 0, nil }

func (c *countingJournal) Holds(variant.Key, int64) bool { return true }

// One key is written down once in twenty minutes, and none while nothing is
// kept.
func TestDedupJournal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for low, want := range map[bool]countingJournal{false: 3, true: 0} {
			var notes countingJournal
			j := newDedupJournal(&notes, NewFreeSpace(t.TempDir(), func(eviction.Space) bool { return low }, nil))
			for range 25 { // minutes
				for _, key := range []variant.Key{"a", "a"} {
					if err := j.Note(key); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(time.Minute)
			}
			if err := j.Note("b"); err != nil {
				t.Error(err)
			}
			if notes != want {
				t.Errorf("with a low reserve: %v: %d notes, want %d", low, notes, want)
			}
		}
	})
}

// A key is written down again where the journal was removed, also if others have
// written into its file since.
func TestDedupJournalOfRemovedJournal(t *testing.T) {
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
			for range 3 {
				if _, err := j.Note(same); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			j, err := OpenJournal(dir, Options{NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			dedup := NewDedupJournal(j, NewFreeSpace(dir, func(eviction.Space) bool { return false }, nil))
			path := filepath.Join(dir, "keys", string(key.Name()[:2]))
			for range 3 {
				if err := dedup.Note(key); err != nil {
					t.Fatal(err)
				}
			}
			remove(t, filepath.Join(dir, "keys"), j)
			for range 3 {
				if err := dedup.Note(key); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(path)
			if err != nil || strings.Count(string(text), string(key)) != 1 {
				t.Errorf("%v, want the key once:\n%s", err, text)
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
