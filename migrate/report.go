package migrate

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/internal/summary"
	"github.com/thumbery/thumbery/storage"
)

// Report says what became of the originals.
type Report struct {
	Copied    Count   `json:"copied"` // or would be, in a dry run
	There     Count   `json:"there"`
	Conflicts int64   `json:"conflicts"` // of another size or with other bytes at the destination
	Failed    int64   `json:"failed"`
	Gone      int64   `json:"gone"`     // removed since they were listed
	LeftOut   int64   `json:"left_out"` // no URL can name them
	DryRun    bool    `json:"dry_run"`
	Complete  bool    `json:"complete"` // everything was gone through
	Seconds   float64 `json:"seconds"`  // for the caller to set

	FirstConflict string `json:"first_conflict,omitempty"`
	FirstFailure  string `json:"first_failure,omitempty"`
	FirstLeftOut  string `json:"first_left_out,omitempty"`
}

// Count is a number of originals and their size.
type Count struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

func (c *Count) add(bytes int64) { c.Files, c.Bytes = c.Files+1, c.Bytes+bytes }

func (c Count) String() string { return summary.Files(c.Files, c.Bytes) }

// String is the report for people.
func (r *Report) String() string {
	w := &strings.Builder{}
	verb := "copied"
	if r.DryRun {
		verb = "would copy"
	}
	fmt.Fprintf(w, "%s: %s\n", verb, r.Copied)
	fmt.Fprintf(w, "already there: %s\n", r.There)
	summary.WriteLines(w,
		summary.Line{N: r.Conflicts, What: "different there, and left so", First: r.FirstConflict},
		summary.Line{N: r.Failed, What: "failed", First: r.FirstFailure},
		summary.Line{N: r.Gone, What: "gone since they were listed"},
		summary.Line{N: r.LeftOut, What: "left out, as no URL can name them, or they cannot be read", First: r.FirstLeftOut},
	)
	rate := ""
	if r.Copied.Bytes > 0 && !r.DryRun && r.Seconds > 0 {
		rate = fmt.Sprintf(", %s/s", humanize.IBytes(uint64(float64(r.Copied.Bytes)/r.Seconds)))
	}
	fmt.Fprintf(w, "took %.1f s%s\n", r.Seconds, rate)
	return w.String()
}

// Failure says what could not be copied; nil if all was.
func (r *Report) Failure() error {
	if r.Failed+r.Conflicts == 0 {
		return nil
	}
	are := "are"
	if r.Conflicts == 1 {
		are = "is"
	}
	return fmt.Errorf("%s could not be copied, and %s %s different at the destination", summary.Plural(r.Failed, "file"), humanize.Comma(r.Conflicts), are)
}

type outcome int

const (
	copied outcome = iota
	present
	conflicting
	gone    // since it was listed
	refused // by the source
	failed
)

func (o outcome) String() string {
	return [...]string{"copied", "already there", "conflict: the destination has a different file", "gone", "not copied", "not copied"}[o]
}

// note counts an original, and returns how many have failed in a row. A source that
// refuses some is not down.
func (r *run) note(o outcome, e storage.Entry, err error) (inARow int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	cause := fmt.Sprintf("%q: %v", e.Key, err)
	switch o {
	case copied:
		r.report.Copied.add(e.Size)
	case present:
		r.report.There.add(e.Size)
	case gone:
		r.report.Gone++
	case conflicting:
		r.report.Conflicts++
		r.report.FirstConflict = cmp.Or(r.report.FirstConflict, cause)
	case refused, failed:
		r.report.Failed++
		r.report.FirstFailure = cmp.Or(r.report.FirstFailure, cause)
	}
	if o == failed {
		r.inARow++
	} else if o != refused {
		r.inARow = 0
	}
	r.done++
	if r.Progress != nil {
		r.Progress(r.done, max(r.all, r.done+1))
	}
	return r.inARow
}

func (r *run) leaveOut(name string) {
	r.Log.Warn("skipped: no URL can name it, or it cannot be read", "name", name)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.LeftOut++
	r.report.FirstLeftOut = cmp.Or(r.report.FirstLeftOut, strconv.Quote(name))
}
