package prime

import (
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

const (
	// maxErrors are kept, of at most maxErrorBytes each: what an origin answers may be
	// long.
	maxErrors     = 20
	maxErrorBytes = 300
	// rateWindow is what a rate is an average of, from at most two samples of each
	// sampleEvery.
	rateWindow  = 10 * time.Second
	sampleEvery = 250 * time.Millisecond
)

// tally counts what comes of priming. It is safe for use by several goroutines.
type tally struct {
	mu     sync.Mutex
	status Progress
	known  int          // pictures, as far as they were counted
	recent []progressAt // never empty: the first is what the rate is measured from, the last is how it stands
	inARow int          // failures that say nothing of their pictures
}

// progressAt is how much was done at a time.
type progressAt struct {
	at                    time.Time
	pictures, derivatives int
}

// newTally begins to count. known pictures are known of, and there are more while
// listing.
func newTally(now time.Time, known int, listing bool) *tally {
	s := Progress{State: Running, Began: now.UTC(), Pictures: known, Listing: listing}
	return &tally{status: s, known: known, recent: []progressAt{{at: s.Began}}}
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
	t.status.FirstLeftOut = first(t.status.FirstLeftOut, excerpt.First(name, exampleBytes))
}

// note counts a picture, and returns how many in a row have failed through no
// fault of theirs.
func (t *tally) note(key variant.Key, p Result, now time.Time) (inARow int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.status
	s.Finished++
	s.Pictures = max(t.known, s.Finished)
	s.Made, s.There = s.Made+p.Made, s.There+p.Exist
	switch {
	case errors.Is(p.Err, header.ErrNotPicture):
		s.NotPictures++
		s.FirstNotPicture = first(s.FirstNotPicture, string(key))
	case p.Err != nil:
		s.Failed += p.Failed
		if len(s.Errors) < maxErrors {
			s.Errors = append(s.Errors, Error{Key: string(key), Error: excerpt.First(p.Err.Error(), maxErrorBytes)})
		}
	}
	t.sample(now)
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

// sample needs the lock.
func (t *tally) sample(now time.Time) {
	n := len(t.recent)
	if n > 1 && now.Sub(t.recent[n-2].at) < sampleEvery {
		t.recent[n-1] = t.progress(now)
	} else {
		t.recent = append(t.recent, t.progress(now))
	}
	t.forgetOld(now)
}

func (t *tally) progress(now time.Time) progressAt {
	return progressAt{now, t.status.Finished, t.status.Made + t.status.There + t.status.Failed}
}

// forgetOld leaves one sample that is as old as the window.
func (t *tally) forgetOld(now time.Time) {
	old := 0
	for old < len(t.recent)-1 && now.Sub(t.recent[old+1].at) >= rateWindow {
		old++
	}
	t.recent = slices.Delete(t.recent, 0, old)
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

// snapshot is how it stands now.
func (t *tally) snapshot(now time.Time) Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.status
	s.Errors = slices.Clone(s.Errors)
	at, from := t.progress(now), progressAt{at: s.Began}
	if s.Ended.IsZero() {
		t.forgetOld(now)
		from = t.recent[0]
	} else {
		at.at = s.Ended
	}
	took := at.at.Sub(from.at).Seconds()
	if took <= 0 {
		return s
	}
	s.Rate = float64(at.derivatives-from.derivatives) / took
	if pictures := float64(at.pictures - from.pictures); pictures > 0 && !s.Listing && s.Ended.IsZero() {
		s.Left = float64(s.Pictures-s.Finished) * took / pictures
	}
	return s
}
