package disk

import (
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// DedupJournal is a Journal that does not note a key again that it has just noted and
// that is still there, as when a broken original is requested over and over. It notes
// nothing while the FreeSpace is low, as nothing is kept then.
type DedupJournal struct {
	journal noter
	reserve *FreeSpace
	recent  *cache.Memory[variant.Key, noted]
}

// noter is a Journal.
type noter interface {
	Note(key variant.Key) (end int64, err error)
	Holds(key variant.Key, end int64) bool
}

// noted is when a key was noted, and where.
type noted struct {
	at  time.Time
	end int64
}

const (
	dedupBytes = 4 << 20
	// dedupFor together with the time of a fetch is far below the hour for which a
	// purge leaves a key without a file in the journal.
	dedupFor = 20 * time.Minute
)

// NewDedupJournal returns a DedupJournal that writes to j.
func NewDedupJournal(j *Journal, reserve *FreeSpace) *DedupJournal {
	return newDedupJournal(j, reserve)
}

func newDedupJournal(j noter, reserve *FreeSpace) *DedupJournal {
	return &DedupJournal{j, reserve, cache.NewMemory[variant.Key](dedupBytes, func(noted) int { return 0 })}
}

// Note is Journal.Note.
func (j *DedupJournal) Note(key variant.Key) error {
	now := time.Now()
	last, ok := j.recent.Get(key)
	isRecent := ok && now.Sub(last.at) < dedupFor && !now.Before(last.at)
	if isRecent && j.journal.Holds(key, last.end) || j.reserve.Low() {
		return nil
	}
	end, err := j.journal.Note(key)
	if err == nil {
		j.recent.Put(key, noted{now, end})
	}
	return err
}
