package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
)

// Inventory knows about how much is in a cache directory without going through
// it: what the last purge counted there, and what was kept and removed since by
// whoever tells it. Others who write there, and files that are replaced, make
// it wrong until the next purge. Its methods may be called by several
// goroutines.
type Inventory struct {
	dir string

	mu     sync.Mutex
	census Census
	seen   time.Time // modification time of the census file that was looked at
	since  [eviction.Tiers]eviction.Count
}

// NewInventory returns the Inventory of a cache directory.
func NewInventory(dir string) *Inventory {
	i := &Inventory{dir: dir}
	i.refresh()
	return i
}

// refresh takes over a newer census. No census, or one that cannot be read,
// changes nothing of what is known; one that has gone went with all that it counted.
func (i *Inventory) refresh() {
	info, err := os.Stat(filepath.Join(i.dir, censusFile))
	if errors.Is(err, fs.ErrNotExist) && !i.seen.IsZero() {
		i.census, i.seen, i.since = Census{}, time.Time{}, [eviction.Tiers]eviction.Count{}
	}
	if err != nil || info.ModTime().Equal(i.seen) {
		return
	}
	i.seen = info.ModTime()
	if c, err := ReadCensus(i.dir); err == nil && c.Time.After(i.census.Time) {
		i.census, i.since = c, [eviction.Tiers]eviction.Count{}
	}
}

// Kept tells that a body was written.
func (i *Inventory) Kept(t eviction.Tier, bytes int64) {
	i.add(t, eviction.Count{Files: 1, Bytes: bytes})
}

// Removed tells that so much was removed.
func (i *Inventory) Removed(t eviction.Tier, c eviction.Count) { i.add(t, eviction.Count{}.Minus(c)) }

func (i *Inventory) add(t eviction.Tier, c eviction.Count) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refresh() // or a census that is newer than the last look would swallow this
	i.since[t] = i.since[t].Plus(c)
}

// Stock is what an Inventory knows.
type Stock struct {
	// Counted is the last census, its Time zero if there was none yet; then all
	// that is known is what came and went since this process started.
	Counted Census `json:"counted"`
	// What is there now; its Disk only as counted.
	eviction.PerTier[eviction.Count]
}

// Stock returns what is known now.
func (i *Inventory) Stock() (s Stock) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refresh()
	s.Counted = i.census
	for t := range eviction.Tier(eviction.Tiers) {
		*s.Of(t) = notNegative(i.census.Of(t).Plus(i.since[t]))
	}
	return s
}

// ByTier returns what is there now.
func (s Stock) ByTier() (all [eviction.Tiers]eviction.Count) {
	for t := range eviction.Tier(eviction.Tiers) {
		all[t] = *s.Of(t)
	}
	return all
}

func notNegative(c eviction.Count) eviction.Count {
	return eviction.Count{Files: max(0, c.Files), Bytes: max(0, c.Bytes), Disk: max(0, c.Disk)}
}
