package main

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
)

// purgeReport is what purge prints.
type purgeReport struct {
	*disk.Summary                     // nil if no limit was given, or Busy
	Forgotten     *disk.ForgetSummary `json:"forgotten,omitempty"`
	Busy          bool                `json:"busy,omitempty"` // another purge was running
}

func (r *purgeReport) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(w, r)
	}
	if f := r.Forgotten; f != nil {
		fmt.Fprintf(w, "forgot %s: %s of originals, %s of mezzanines, %s of derivatives\n",
			plural(f.Pictures, "picture"), counted(f.Originals), counted(f.Mezzanines), counted(f.Derivatives))
	}
	if r.Summary != nil {
		printSummary(w, r.Summary)
	}
	if r.Busy {
		fmt.Fprintln(w, "another purge of this cache directory is running: nothing done")
	}
	return nil
}

func printSummary(w io.Writer, s *disk.Summary) {
	removed, had := "removed", "had"
	if s.DryRun {
		removed, had = "would remove", "have"
	}
	for t := range eviction.Tier(eviction.Tiers) {
		printTier(w, t, s.Of(t), removed)
	}
	if s.StaleTemps.Files > 0 {
		fmt.Fprintf(w, "tmp: %s %s that a crash had left\n", removed, counted(s.StaleTemps))
	}
	if s.Foreign > 0 {
		fmt.Fprintf(w, "left alone: %s\n", foreign(s.Foreign))
	}
	if s.TooSmall {
		fmt.Fprintln(w, "the cache is too small for its traffic: files used within the last two hours", had, "to go")
	}
	fmt.Fprintf(w, "took %.1f s\n", s.Seconds)
}

func printTier(w io.Writer, t eviction.Tier, s *disk.TierSummary, removed string) {
	fmt.Fprintf(w, "%s: looked at %s, %s %s, kept %s", t, counted(s.Seen), removed, counted(s.Removed), counted(s.Kept))
	if !s.OldestKept.IsZero() {
		fmt.Fprintf(w, ", the oldest last used %s", s.OldestKept.Format(time.DateTime))
	}
	fmt.Fprintln(w)
}

func foreign(n int64) string {
	if n == 1 {
		return "1 entry that is not the cache's"
	}
	return humanize.Comma(n) + " entries that are not the cache's"
}

// failure says that something could not be removed.
func (r *purgeReport) failure() error {
	var failed int64
	var first string
	if r.Summary != nil {
		failed, first = r.Failed, r.Failure
	}
	if r.Forgotten != nil && r.Forgotten.Failed > 0 {
		failed, first = failed+r.Forgotten.Failed, r.Forgotten.Failure
	}
	if failed == 0 {
		return nil
	}
	return &partlyError{fmt.Errorf("%s could not be removed; the first: %s", plural(failed, "file"), first)}
}
