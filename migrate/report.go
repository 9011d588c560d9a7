package migrate

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

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

// tally counts outcomes. It is safe for use by several goroutines.
type tally struct {
	mu     sync.Mutex
	report Report
	inARow int // failures
	done   int
	all    int // as far as counted
}

// note counts an original, and returns how many have failed in a row. A source that
// refuses some is not down.
func (t *tally) note(o outcome, e storage.Entry, err error, progress func(done, all int)) (inARow int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &t.report
	switch o {
	case copied:
		r.Copied.add(e.Size)
	case present:
		r.There.add(e.Size)
	case gone:
		r.Gone++
	case conflicting:
		r.Conflicts++
		setOnce(&r.FirstConflict, fmt.Sprintf("%q: %v", e.Key, err))
	case refused, failed:
		r.Failed++
		setOnce(&r.FirstFailure, fmt.Sprintf("%q: %v", e.Key, err))
	}
	if o == failed {
		t.inARow++
	} else if o != refused {
		t.inARow = 0
	}
	t.done++
	if progress != nil {
		progress(t.done, max(t.all, t.done+1))
	}
	return t.inARow
}

func setOnce(s *string, text string) {
	if *s == "" {
		*s = text
	}
}

func (t *tally) leaveOut(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.LeftOut++
	setOnce(&t.report.FirstLeftOut, strconv.Quote(name))
}

func (t *tally) found() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all++
}
