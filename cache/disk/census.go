package disk

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
)

// censusFile is where a purge leaves what it counted, below the cache directory.
const censusFile = "census.json"

// Census is what was in a cache directory when it was last purged.
type Census struct {
	Time time.Time `json:"time"` // when the purge began
	eviction.PerTier[TierCensus]
}

// TierCensus is about one tier, in all and by the age of the last use.
type TierCensus struct {
	eviction.Count
	Ages []AgeCount `json:"ages"` // from the most recent use on
}

// AgeCount is about the files last used less than Below ago, and not less than
// the Below of the one before.
type AgeCount struct {
	Below string `json:"below"` // such as "2h"; "older" for all others
	eviction.Count
}

// ageBorders are between what is in use, used each day, week, month, season.
func ageBorders() []struct {
	name  string
	below time.Duration
} {
	const day = 24 * time.Hour
	return []struct {
		name  string
		below time.Duration
	}{{"2h", eviction.Recent}, {"1d", day}, {"7d", 7 * day}, {"30d", 30 * day}, {"90d", 90 * day}, {"older", 1<<63 - 1}}
}

func newCensus(of *eviction.Histograms, at time.Time) (c Census) {
	c.Time = at.UTC().Truncate(time.Second)
	for t := range eviction.Tier(eviction.Tiers) {
		*c.Of(t) = newTierCensus(&of[t])
	}
	return c
}

func newTierCensus(h *eviction.Histogram) TierCensus {
	c := TierCensus{Count: h.Total()}
	from := time.Duration(0)
	for _, b := range ageBorders() {
		c.Ages = append(c.Ages, AgeCount{b.name, h.Between(from, b.below)})
		from = b.below
	}
	return c
}

// ReadCensus returns what the last purge of a cache directory left there. Its
// error is fs.ErrNotExist if there was none yet.
func ReadCensus(dir string) (c Census, err error) {
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
	return replaceFile(dir, censusFile, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(c)
	})
}
