package disk

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cache/internal/files"
)

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
