package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// Inventory knows roughly how much is in a cache directory without reading it: what the
// last purge counted, plus what was stored and removed since, as far as this process
// knows. Files of other processes, and files that were replaced, make it wrong until the
// next purge. Its methods may be called by several goroutines.
type Inventory struct {
	dir string

	mu     sync.Mutex
	census Census
	seen   time.Time // modification time of the census file when it was last read
	since  [eviction.Tiers]eviction.Count
}

// NewInventory returns the Inventory of a cache directory.
func NewInventory(dir string) *Inventory {
	i := &Inventory{dir: dir}
	i.refresh()
	return i
}

// refresh reads the census if it is newer than the last one. If it is missing at first or
// cannot be read, nothing changes. If it was removed, so was the cache.
func (i *Inventory) refresh() {
	info, err := os.Stat(filepath.Join(i.dir, censusFile))
	if errors.Is(err, fs.ErrNotExist) && !i.seen.IsZero() {
		i.census, i.seen, i.since = Census{}, time.Time{}, [eviction.Tiers]eviction.Count{}
	}
	if err != nil || info.ModTime().Equal(i.seen) {
		return
	}
	i.seen = info.ModTime()
	if c, err := readCensus(i.dir); err == nil && c.Time.After(i.census.Time) {
		i.census, i.since = c, [eviction.Tiers]eviction.Count{}
	}
}

// Kept records that a body was stored.
func (i *Inventory) Kept(t eviction.Tier, bytes int64) {
	i.add(t, eviction.Count{Files: 1, Bytes: bytes})
}

// Removed records that files were removed.
func (i *Inventory) Removed(t eviction.Tier, c eviction.Count) { i.add(t, eviction.Count{}.Minus(c)) }

func (i *Inventory) add(t eviction.Tier, c eviction.Count) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refresh() // otherwise the next refresh would drop this with what a new census includes
	i.since[t] = i.since[t].Plus(c)
}

// Stock is what an Inventory knows.
type Stock struct {
	// Counted is the last census. Its Time is zero if there is none yet; then only what
	// came and went since this process started is known.
	Counted Census `json:"counted"`
	// The current numbers; Disk is that of the census.
	eviction.PerTier[eviction.Count]
}

// Stock returns what is known now.
func (i *Inventory) Stock() (s Stock) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refresh()
	s.Counted = i.census
	for t := range eviction.Tier(eviction.Tiers) {
		c := i.census.Of(t).Plus(i.since[t])
		*s.Of(t) = eviction.Count{Files: max(0, c.Files), Bytes: max(0, c.Bytes), Disk: max(0, c.Disk)}
	}
	return s
}

// ByTier returns the current numbers of each tier.
func (s Stock) ByTier() (all [eviction.Tiers]eviction.Count) {
	for t := range eviction.Tier(eviction.Tiers) {
		all[t] = *s.Of(t)
	}
	return all
}

// Counted returns a Store that records in inventory what s, the store of a tier, keeps and
// what RemoveSource removes. Remove is not counted, as the size of the entry is not known.
func Counted(s cache.Store, t eviction.Tier, inventory *Inventory) cache.Store {
	return &counted{s, t, inventory}
}

type counted struct {
	cache.Store
	tier      eviction.Tier
	inventory *Inventory
}

// Fill implements cache.Store.
func (c *counted) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	b, err := c.Store.Fill(ctx, name, r, modTime)
	if err == nil && b.NotKept == nil && b.Size > 0 {
		c.inventory.Kept(c.tier, b.Size)
	}
	return b, err
}

// RemoveSource implements cache.Store.
func (c *counted) RemoveSource(source variant.Name) (files int, bytes int64, err error) {
	files, bytes, err = c.Store.RemoveSource(source)
	c.inventory.Removed(c.tier, eviction.Count{Files: int64(files), Bytes: bytes})
	return files, bytes, err
}
