package prime

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/internal/summary"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Report shows the progress of a job, and sums it up at the end. It is safe for
// use by several goroutines.
type Report struct {
	Began time.Time
	Where string // the cache directory, or the server
	Lists bool   // keys are listed, and not given one by one
	Log   *slog.Logger
	// Show, if not nil, is told how many of all pictures are done; of 0 while that is not known.
	Show func(done, all int, text string)

	mu           sync.Mutex
	last         Progress
	leftOut      int // lines that are no keys, which a server is not sent
	firstLeftOut string
}

// Summary is what a job has done.
type Summary struct {
	Filled   string `json:"filled"`   // the directory, or the server
	Pictures int    `json:"pictures"` // that were gone through
	Counts
	Complete bool    `json:"complete"` // all has been gone through
	Seconds  float64 `json:"seconds"`
	Rate     float64 `json:"rate"` // derivatives a second

	FirstFailure string `json:"first_failure,omitempty"`

	lists bool
}

// Failed logs a picture that failed.
func (r *Report) Failed(key variant.Key, err error) {
	if !r.Lists || !errors.Is(err, header.ErrNotPicture) {
		r.Log.Error("cannot generate derivatives", "key", key, "cause", err)
	}
}

// Update takes the progress so far.
func (r *Report) Update(p Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = p
	if p.State == Running && r.Show != nil {
		all := p.Pictures
		if p.Listing {
			all = 0
		}
		r.Show(p.Finished, all, describe(p))
	}
}

// LeaveOut counts a line that is no key.
func (r *Report) LeaveOut(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leftOut++; r.leftOut == 1 {
		r.firstLeftOut = line
	}
}

func describe(p Progress) string {
	all := "?"
	if !p.Listing {
		all = humanize.Comma(int64(p.Pictures))
	}
	text := fmt.Sprintf("priming: %s of %s pictures, %.1f/s", humanize.Comma(int64(p.Finished)), all, p.Rate)
	if p.Left > 0 {
		text += ", " + time.Duration(min(p.Left, longest.Seconds())*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return text
}

// longest is the longest time that is shown.
const longest = 10_000 * time.Hour

// Started reports that something was done.
func (r *Report) Started() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last.Finished > 0
}

// Summary sums up when nothing is under way any more. err is what ended the job before
// all was gone through.
func (r *Report) Summary(err error) *Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, took := r.last, time.Since(r.Began).Seconds()
	s := &Summary{
		Filled: r.Where, Pictures: p.Finished, Counts: p.Counts, Complete: err == nil, Seconds: took,
		Rate: float64(p.Made+p.There+p.Failed) / max(took, 0.001), lists: r.Lists,
	}
	s.LeftOut += r.leftOut
	s.FirstNotPicture, s.FirstLeftOut = quoted(s.FirstNotPicture), quoted(cmp.Or(s.FirstLeftOut, r.firstLeftOut))
	if len(p.Errors) > 0 {
		s.FirstFailure = fmt.Sprintf("%q: %s", p.Errors[0].Key, p.Errors[0].Error)
	}
	return s
}

// quoted is a name for people, if there is one.
func quoted(name string) string {
	if name == "" {
		return ""
	}
	return strconv.Quote(name)
}

// String is the summary for people.
func (s *Summary) String() string {
	w := &strings.Builder{}
	fmt.Fprintf(w, "made: %s, of %s\n", summary.Plural(int64(s.Made), "derivative"), summary.Plural(int64(s.Pictures), "picture"))
	fmt.Fprintf(w, "already there: %s\n", humanize.Comma(int64(s.There)))
	summary.WriteLines(w,
		summary.Line{N: int64(s.Failed), What: "failed", First: s.FirstFailure},
		summary.Line{N: int64(s.NotPictures), What: "no pictures", First: s.FirstNotPicture},
		summary.Line{N: int64(s.LeftOut), What: "left out, as no URL can name them, or they cannot be read", First: s.FirstLeftOut},
	)
	fmt.Fprintf(w, "filled: %s\n", s.Filled)
	fmt.Fprintf(w, "took %.1f s, %.1f derivatives/s\n", s.Seconds, s.Rate)
	return w.String()
}

// Failure says what could not be made; nil if nothing failed. Listed files that are no
// pictures are no failures.
func (s *Summary) Failure() error {
	if s.Failed == 0 && (s.lists || s.NotPictures+s.LeftOut == 0) {
		return nil
	}
	text := summary.Plural(int64(s.Failed), "derivative") + " could not be made" + s.unnamed()
	if s.FirstFailure != "" {
		text += "; the first: " + s.FirstFailure
	}
	return errors.New(text)
}

// unnamed says which of the names that were given are none.
func (s *Summary) unnamed() string {
	switch n := s.NotPictures + s.LeftOut; {
	case s.lists || n == 0:
		return ""
	case n == 1:
		return ", and 1 of the keys names no picture"
	default:
		return fmt.Sprintf(", and %s of the keys name no pictures", humanize.Comma(int64(n)))
	}
}
