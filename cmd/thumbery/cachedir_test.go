package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

type countingJournal int

func (c *countingJournal) Note(variant.Key) (int64, error) { *c++; return 0, nil }

func (c *countingJournal) Holds(variant.Key, int64) bool { return true }

// One key is written down once in twenty minutes, and none while nothing is
// kept.
func TestSparingJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for low, want := range map[bool]countingJournal{false: 3, true: 0} {
			var notes countingJournal
			j := newSparingJournal(&notes, disk.NewFreeSpace(t.TempDir(), func(eviction.Space) bool { return low }, nil))
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
func TestSparingJournalOfRemovedJournal(t *testing.T) {
	t.Parallel()
	const key = variant.Key("photos/cat.jpg")
	same := variant.Key("") // in the same file
	for i := 0; same == "" || same.Name()[:2] != key.Name()[:2]; i++ {
		same = variant.Key(fmt.Sprintf("photos/%d.jpg", i))
	}
	for name, remove := range map[string]func(t *testing.T, dir string, j *disk.Journal){
		"as it was": func(*testing.T, string, *disk.Journal) {},
		"removed":   func(t *testing.T, dir string, _ *disk.Journal) { removeAll(t, dir) },
		"removed and begun anew": func(t *testing.T, dir string, j *disk.Journal) {
			removeAll(t, dir)
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
			j, err := disk.OpenJournal(dir, disk.Options{NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			sparing := newSparingJournal(j, disk.NewFreeSpace(dir, func(eviction.Space) bool { return false }, nil))
			path := filepath.Join(dir, "keys", string(key.Name()[:2]))
			for range 3 {
				if err := sparing.Note(key); err != nil {
					t.Fatal(err)
				}
			}
			remove(t, filepath.Join(dir, "keys"), j)
			for range 3 {
				if err := sparing.Note(key); err != nil {
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

func removeAll(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// What was removed of the cache directory is made anew by the check, which says so
// once; the service stays ready meanwhile.
func TestWritableRestores(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"originals", "mezzanines", "derivatives", "tmp", "keys", "."} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			log := slog.New(slog.DiscardHandler)
			f := cacheFlags{Cache: dir}
			d, err := f.open(log)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.writable(dir, log); err != nil {
				t.Errorf("before: %v", err)
			}
			removeAll(t, filepath.Join(dir, part))
			if err := f.readable(); err != nil {
				t.Errorf("not ready: %v", err)
			}
			if err := d.writable(dir, log); err == nil || part != "." && !strings.HasSuffix(err.Error(), ": "+part) {
				t.Errorf("after it was removed: %v", err)
			}
			if info, err := os.Stat(filepath.Join(dir, part)); err != nil || info.Mode().Perm() != 0o750 {
				t.Errorf("it is not back: %v", err)
			}
			if err := d.writable(dir, log); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}
