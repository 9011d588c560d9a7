package disk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/files"
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

// censusFile is where a purge writes what it counted, below the cache directory.
const censusFile = "census.json"

// Census is what was in a cache directory when it was last purged.
type Census struct {
	Time time.Time `json:"time"` // when the purge began
	eviction.PerTier[TierCensus]
}

// TierCensus is about one tier, in total and by the age of last use.
type TierCensus struct {
	eviction.Count
	Ages []AgeCount `json:"ages"` // the most recent use first
}

// AgeCount is about the files last used less than Below ago, and not less than the Below of
// the one before.
type AgeCount struct {
	Below string `json:"below"` // such as "2h"; "older" for all others
	eviction.Count
}

const day = 24 * time.Hour

// ageClasses are files in use, and files used each day, week, month and season.
var ageClasses = []struct {
	name  string
	below time.Duration
}{{"2h", eviction.Recent}, {"1d", day}, {"7d", 7 * day}, {"30d", 30 * day}, {"90d", 90 * day}, {"older", 1<<63 - 1}}

func newCensus(files *eviction.Histograms, at time.Time) (c Census) {
	c.Time = at.UTC().Truncate(time.Second)
	for t := range eviction.Tier(eviction.Tiers) {
		of := c.Of(t)
		of.Count = files[t].Total()
		from := time.Duration(0)
		for _, a := range ageClasses {
			of.Ages = append(of.Ages, AgeCount{a.name, files[t].Between(from, a.below)})
			from = a.below
		}
	}
	return c
}

// readCensus returns the census of a cache directory. Its error is fs.ErrNotExist if no
// purge has written one yet.
func readCensus(dir string) (c Census, err error) {
	data, err := os.ReadFile(filepath.Join(dir, censusFile))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("%s in %s: %w", censusFile, dir, err)
	}
	return c, nil
}

func writeCensus(dir string, c Census) error {
	return files.Replace(filepath.Join(dir, censusFile), tempPath(filepath.Join(dir, Temporary)), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(c)
	})
}
