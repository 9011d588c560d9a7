package main

import (
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/variant"
)

// journal is a disk.Journal.
type journal interface {
	Note(key variant.Key) (end int64, err error)
	Holds(key variant.Key, end int64) bool
}

// sparingJournal writes down no key again that it has just written and that is still
// there, as when a broken original is asked for over and over, and none while nothing
// is kept.
type sparingJournal struct {
	journal
	reserve *disk.FreeSpace
	noted   *cache.Memory[variant.Key, noted]
}

// noted is when a key was written down, and where.
type noted struct {
	at  time.Time
	end int64
}

const (
	notedBytes = 4 << 20
	// notedFor together with the time of a fetch is far below the hour that a
	// purge leaves a key without a file in the journal.
	notedFor = 20 * time.Minute
)

func newSparingJournal(j journal, reserve *disk.FreeSpace) *sparingJournal {
	return &sparingJournal{j, reserve, cache.NewMemory[variant.Key](notedBytes, func(noted) int { return 0 })}
}

// Note implements pipeline.Journal.
func (j *sparingJournal) Note(key variant.Key) error {
	now := time.Now()
	last, ok := j.noted.Get(key)
	recent := ok && now.Sub(last.at) < notedFor && !now.Before(last.at)
	if recent && j.Holds(key, last.end) || j.reserve.Low() {
		return nil
	}
	end, err := j.journal.Note(key)
	if err == nil {
		j.noted.Put(key, noted{now, end})
	}
	return err
}
