package prime

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// State is the state of a job.
type State string

// The values of State.
const (
	Running State = "running"
	Done    State = "done"    // with or without pictures that failed
	Stopped State = "stopped" // before its end
	Failed  State = "failed"  // it cannot go on: Reason says why
)

// Progress says how far a job is. It is a line of the answer to POST /prime.
type Progress struct {
	State  State     `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended,omitzero"`
	// Pictures is how many pictures are known so far, and grows while Listing.
	// Finished is how many of them need no more work.
	Pictures int  `json:"pictures"`
	Finished int  `json:"finished"`
	Listing  bool `json:"listing"`
	Counts
	// Rate is in derivatives a second, of the last seconds, and of all at the end.
	Rate float64 `json:"rate"`
	// Left is how many seconds it will still take; 0 if that is not known.
	Left float64 `json:"seconds_left,omitempty"`
	// Errors are the first of what Failed.
	Errors []Error `json:"errors,omitempty"`
}

// Counts says what came of a job.
type Counts struct {
	// Made, There and Failed count derivatives.
	Made   int `json:"made"`
	There  int `json:"there"` // they were in the cache
	Failed int `json:"failed"`
	// NotPictures is how many of the finished are not pictures. They are not failures.
	NotPictures int `json:"not_pictures"`
	// FirstNotPicture is the key of one of them.
	FirstNotPicture string `json:"first_not_picture,omitempty"`
	// LeftOut is how many names were skipped because no URL can have them. They are not
	// counted as pictures.
	LeftOut int `json:"left_out"`
	// FirstLeftOut is one of these names, or its beginning.
	FirstLeftOut string `json:"first_left_out,omitempty"`
}

// Error is what went wrong with a picture.
type Error struct {
	Key   string `json:"key"`
	Error string `json:"error"`
}

// After adds what an earlier job has done to what p has.
func (p Progress) After(earlier Progress) Progress {
	p.Pictures, p.Finished = p.Pictures+earlier.Pictures, p.Finished+earlier.Finished
	p.Made, p.There, p.Failed = p.Made+earlier.Made, p.There+earlier.There, p.Failed+earlier.Failed
	p.NotPictures, p.LeftOut = p.NotPictures+earlier.NotPictures, p.LeftOut+earlier.LeftOut
	p.FirstNotPicture, p.FirstLeftOut = cmp.Or(earlier.FirstNotPicture, p.FirstNotPicture), cmp.Or(earlier.FirstLeftOut, p.FirstLeftOut)
	errors := slices.Concat(earlier.Errors, p.Errors)
	p.Errors = errors[:min(len(errors), maxErrors)]
	if !earlier.Began.IsZero() {
		p.Began = earlier.Began
	}
	return p
}

const (
	// maxErrors are kept, of at most maxErrorBytes each: what an origin answers may be
	// long.
	maxErrors     = 20
	maxErrorBytes = 300
	// rateWindow is the time that a rate is an average of.
	rateWindow = 10 * time.Second
)

// tally counts what comes of priming. It is safe for use by several goroutines.
type tally struct {
	mu     sync.Mutex
	status Progress
	known  int       // pictures, as far as they were counted
	inARow int       // failures that say nothing of their pictures
	seen   []counted // by snapshot, within rateWindow, and one before that; the oldest first
}

// counted is how much was done at a time.
type counted struct {
	at                    time.Time
	pictures, derivatives int
}

// newTally begins to count. known pictures are known of, and there are more while
// listing.
func newTally(now time.Time, known int, listing bool) *tally {
	s := Progress{State: Running, Began: now.UTC(), Pictures: known, Listing: listing}
	return &tally{status: s, known: known, seen: []counted{{at: s.Began}}}
}

// count finds out how many pictures there are, unless it is stopped.
func (t *tally) count(ctx context.Context, keys iter.Seq2[variant.Key, error]) {
	for _, err := range keys {
		if err != nil || ctx.Err() != nil {
			return // the worker gets the same error
		}
		t.mu.Lock()
		t.known++
		t.status.Pictures = max(t.known, t.status.Finished)
		t.mu.Unlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status.Listing = false
}

// reportEvery reports how it stands from time to time until stop is called.
func (t *tally) reportEvery(every time.Duration, report func(Progress)) (stop func()) {
	done := make(chan struct{})
	var reporting sync.WaitGroup
	reporting.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				report(t.snapshot(now))
			}
		}
	})
	return func() {
		close(done)
		reporting.Wait()
	}
}

// leaveOut counts what no URL can name.
func (t *tally) leaveOut(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status.LeftOut++
	t.status.FirstLeftOut = cmp.Or(t.status.FirstLeftOut, excerpt.First(name, exampleBytes))
}

// note counts a picture, and returns how many in a row have failed through no
// fault of theirs.
func (t *tally) note(key variant.Key, p Result) (inARow int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.status
	s.Finished++
	s.Pictures = max(t.known, s.Finished)
	s.Made, s.There = s.Made+p.Made, s.There+p.Exist
	switch {
	case errors.Is(p.Err, header.ErrNotPicture):
		s.NotPictures++
		s.FirstNotPicture = cmp.Or(s.FirstNotPicture, string(key))
	case p.Err != nil:
		s.Failed += p.Failed
		if len(s.Errors) < maxErrors {
			s.Errors = append(s.Errors, Error{Key: string(key), Error: excerpt.First(p.Err.Error(), maxErrorBytes)})
		}
	}
	if p.Made > 0 {
		t.inARow = 0
		return 0
	}
	if errors.Is(p.Err, resize.ErrDied) { // of which the picture may be the cause
		return t.inARow
	}
	switch failure.Of(p.Err) {
	case failure.NotFound, failure.Request, failure.Picture, failure.Quarantined: // everything else works
		t.inARow = 0
	case failure.Refused, failure.Busy:
	default:
		if p.Err != nil {
			t.inARow++
		}
	}
	return t.inARow
}

// end says how it ended.
func (t *tally) end(state State, reason string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.status
	s.State, s.Reason, s.Ended, s.Listing = state, reason, now.UTC(), false
	if state == Done {
		s.Pictures = s.Finished
	}
}

// snapshot is how it stands now. The rate is that since earlier snapshots.
func (t *tally) snapshot(now time.Time) Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.status
	s.Errors = slices.Clone(s.Errors)
	to, from := counted{now, s.Finished, s.Made + s.There + s.Failed}, counted{at: s.Began}
	if s.Ended.IsZero() {
		t.seen = append(t.seen, to)
		for now.Sub(t.seen[1].at) >= rateWindow {
			t.seen = t.seen[1:]
		}
		from = t.seen[0]
	} else {
		to.at = s.Ended
	}
	took := to.at.Sub(from.at).Seconds()
	if took <= 0 {
		return s
	}
	s.Rate = float64(to.derivatives-from.derivatives) / took
	if pictures := float64(to.pictures - from.pictures); pictures > 0 && !s.Listing && s.Ended.IsZero() {
		s.Left = float64(s.Pictures-s.Finished) * took / pictures
	}
	return s
}
