package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/storage"
)

// outcome is what became of an original.
type outcome int

const (
	copied outcome = iota
	present
	conflicting
	gone    // since it was listed
	refused // by the source
	failed
)

// String is for the log.
func (o outcome) String() string {
	return [...]string{"copied", "there", "another is there", "gone", "not copied", "not copied"}[o]
}

// migrateReport is what migrate prints.
type migrateReport struct {
	Copied    filesAndBytes `json:"copied"` // or would be
	There     filesAndBytes `json:"there"`
	Conflicts int64         `json:"conflicts"`
	Failed    int64         `json:"failed"`
	Gone      int64         `json:"gone"`
	LeftOut   int64         `json:"left_out"`
	DryRun    bool          `json:"dry_run"`
	Complete  bool          `json:"complete"` // all has been gone through
	Seconds   float64       `json:"seconds"`

	FirstConflict string `json:"first_conflict,omitempty"`
	FirstFailure  string `json:"first_failure,omitempty"`
	FirstLeftOut  string `json:"first_left_out,omitempty"`

	mu     sync.Mutex
	inARow int
	done   int // of all
	all    int // as far as counted
}

type filesAndBytes struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

func (c filesAndBytes) String() string {
	return counted(eviction.Count{Files: c.Files, Bytes: c.Bytes})
}

func (c *filesAndBytes) add(bytes int64) { c.Files, c.Bytes = c.Files+1, c.Bytes+bytes }

// note counts an original, and returns how many have failed in a row. That the
// source refuses some is no sign that it is down.
func (r *migrateReport) note(o outcome, e storage.Entry, err error, progress func(done, all int)) (inARow int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch o {
	case copied:
		r.Copied.add(e.Size)
	case present:
		r.There.add(e.Size)
	case gone:
		r.Gone++
	case conflicting:
		r.Conflicts++
		first(&r.FirstConflict, fmt.Sprintf("%q: %v", e.Key, err))
	case refused, failed:
		r.Failed++
		first(&r.FirstFailure, fmt.Sprintf("%q: %v", e.Key, err))
	}
	if o == failed {
		r.inARow++
	} else if o != refused {
		r.inARow = 0
	}
	r.done++
	if progress != nil {
		progress(r.done, max(r.all, r.done+1)) // at the end it would clear itself
	}
	return r.inARow
}

func first(s *string, text string) {
	if *s == "" {
		*s = text
	}
}

func (r *migrateReport) leaveOut(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.LeftOut++
	first(&r.FirstLeftOut, strconv.Quote(key))
}

func (r *migrateReport) found() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all++
}

// tellEvery is how often there is a line in the log where there is no bar.
const tellEvery = time.Minute

// tell writes to the log how far it has come, until ctx is done.
func (r *migrateReport) tell(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.mu.Lock()
			log.Info("migrating", "copied", r.Copied.String(), "there", r.There.Files, "conflicts", r.Conflicts, "failed", r.Failed)
			r.mu.Unlock()
		}
	}
}

// finish completes the report when nothing is under way any more.
func (r *migrateReport) finish(took time.Duration, err error, dryRun bool) {
	r.Seconds, r.Complete, r.DryRun = took.Seconds(), err == nil, dryRun
}

func (r *migrateReport) print(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	verb := "copied"
	if r.DryRun {
		verb = "would copy"
	}
	fmt.Fprintf(w, "%s: %s\n", verb, r.Copied)
	fmt.Fprintf(w, "there already: %s\n", r.There)
	for _, line := range []struct {
		n           int64
		what, first string
	}{
		{r.Conflicts, "different there, and left so", r.FirstConflict},
		{r.Failed, "failed", r.FirstFailure},
		{r.Gone, "gone since they were listed", ""},
		{r.LeftOut, "left out, as no URL can name them, or they cannot be read", r.FirstLeftOut},
	} {
		if line.n > 0 && line.first != "" {
			fmt.Fprintf(w, "%s: %s; the first: %s\n", line.what, humanize.Comma(line.n), line.first)
		} else if line.n > 0 {
			fmt.Fprintf(w, "%s: %s\n", line.what, humanize.Comma(line.n))
		}
	}
	fmt.Fprintf(w, "took %.1f s%s\n", r.Seconds, r.rate())
	return nil
}

func (r *migrateReport) rate() string {
	if r.Copied.Bytes == 0 || r.DryRun || r.Seconds <= 0 {
		return ""
	}
	return fmt.Sprintf(", %s/s", humanize.IBytes(uint64(float64(r.Copied.Bytes)/r.Seconds)))
}

// failure says what kept it from being complete, or what could not be copied.
func (r *migrateReport) failure(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped; run it again to go on: what has been copied is not copied again")
	case err != nil:
		return fmt.Errorf("%w; run it again to go on", err)
	case r.Failed+r.Conflicts > 0:
		return &partlyError{fmt.Errorf("%s could not be copied, and %s different at the destination", plural(r.Failed, "file"), is(r.Conflicts))}
	}
	return nil
}

func is(n int64) string {
	if n == 1 {
		return "1 is"
	}
	return humanize.Comma(n) + " are"
}
