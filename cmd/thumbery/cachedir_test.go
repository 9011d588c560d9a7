package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/variant"
)

type countingJournal int

func (c *countingJournal) Note(variant.Key) error { *c++; return nil }

// One key is written down once in twenty minutes, and none while nothing is
// kept.
func TestSparingJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for low, want := range map[bool]countingJournal{false: 3, true: 0} {
			var notes countingJournal
			j := &sparingJournal{
				&notes, disk.NewReserve(t.TempDir(), func(cache.Space) bool { return low }, nil),
				cache.NewHot[variant.Key](notedBytes, func(time.Time) int { return 0 }),
			}
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
