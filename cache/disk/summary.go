package disk

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/summary"
)

// Summary is what a purge has done, or would do if it was a DryRun.
type Summary struct {
	eviction.PerTier[TierSummary]
	// StaleTemps counts the temp files of processes that died, which were removed. The
	// JSON name is older and stays, as scripts read it.
	StaleTemps eviction.Count `json:"litter"`
	// Foreign is how many entries are not files of the cache. They were left alone.
	Foreign int64 `json:"foreign"`
	Failures
	// TooSmall is set if files were removed that had been used within eviction.Recent.
	TooSmall bool    `json:"too_small"`
	DryRun   bool    `json:"dry_run"`
	Seconds  float64 `json:"seconds"`
	// Left is what was kept, or would be; if the purge ended early, a part of it.
	Left Census `json:"-"`
}

// TierSummary is about the files of one tier. Files that other processes removed during
// the purge are not counted.
type TierSummary struct {
	Seen    eviction.Count `json:"seen"`
	Removed eviction.Count `json:"removed"`
	Kept    eviction.Count `json:"kept"`
	// OldestKept is the least recent use of all files that were kept; zero if none was.
	OldestKept time.Time `json:"oldest_kept,omitzero"`
}

// Failures are about files that could not be examined or removed, and directories that could
// not be read.
type Failures struct {
	Failed  int64  `json:"failed"`            // how many there are
	Failure string `json:"failure,omitempty"` // the first error
}

// fail adds an error. It ignores nil.
func (f *Failures) fail(err error) {
	if err == nil {
		return
	}
	f.Failed++
	if f.Failure == "" {
		f.Failure = err.Error()
	}
}

// ForgetSummary is what Forget has done, or would do if it was a DryRun.
type ForgetSummary struct {
	Pictures int64 `json:"pictures"` // that had a file
	eviction.PerTier[eviction.Count]
	Failures
	DryRun bool `json:"dry_run,omitempty"`
}

// removed returns the sum of all tiers.
func (s *Summary) removed() (sum eviction.Count) {
	for t := range eviction.Tier(eviction.Tiers) {
		sum = sum.Plus(s.Of(t).Removed)
	}
	return sum
}

// addRemoved adds what an earlier pass has removed. What that one failed at or kept, this one
// has seen again.
func (s *Summary) addRemoved(earlier *Summary) {
	for t := range eviction.Tier(eviction.Tiers) {
		now, before := s.Of(t), earlier.Of(t).Removed
		now.Removed, now.Seen = now.Removed.Plus(before), now.Seen.Plus(before)
	}
}

// String is the summary for people.
func (s *Summary) String() string {
	w := &strings.Builder{}
	removed, had := "removed", "had"
	if s.DryRun {
		removed, had = "would remove", "have"
	}
	for t := range eviction.Tier(eviction.Tiers) {
		fmt.Fprintln(w, s.Of(t).describe(t, removed))
	}
	if s.StaleTemps.Files > 0 {
		fmt.Fprintf(w, "tmp: %s %s that a crash had left\n", removed, filesOf(s.StaleTemps))
	}
	switch {
	case s.Foreign == 1:
		fmt.Fprintln(w, "left alone: 1 entry that is not the cache's")
	case s.Foreign > 1:
		fmt.Fprintf(w, "left alone: %s entries that are not the cache's\n", humanize.Comma(s.Foreign))
	}
	if s.TooSmall {
		fmt.Fprintln(w, "the cache is too small for its traffic: files used within the last two hours", had, "to go")
	}
	fmt.Fprintf(w, "took %.1f s\n", s.Seconds)
	return w.String()
}

func (s *TierSummary) describe(t eviction.Tier, removed string) string {
	text := fmt.Sprintf("%s: looked at %s, %s %s, kept %s", t, filesOf(s.Seen), removed, filesOf(s.Removed), filesOf(s.Kept))
	if !s.OldestKept.IsZero() {
		text += ", the oldest last used " + s.OldestKept.Format(time.DateTime)
	}
	return text
}

// String is the summary for people.
func (s *ForgetSummary) String() string {
	forgot := "forgot"
	if s.DryRun {
		forgot = "would forget"
	}
	return fmt.Sprintf("%s %s: %s of originals, %s of mezzanines, %s of derivatives\n", forgot,
		summary.Plural(s.Pictures, "picture"), filesOf(s.Originals), filesOf(s.Mezzanines), filesOf(s.Derivatives))
}

func filesOf(c eviction.Count) string { return summary.Files(c.Files, c.Bytes) }
