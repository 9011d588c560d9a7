package prime

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

const (
	// giveUpAfter is how many failures in a row are taken for those of an origin, of
	// the disk or of ours.
	giveUpAfter = 50
	// originTimeout is how long an origin may be down before it is given up.
	originTimeout = time.Minute
	// originPoll is how often it is checked whether an origin is back.
	originPoll = 100 * time.Millisecond
	// ProgressEvery is how often Run reports its progress.
	ProgressEvery = 300 * time.Millisecond
)

// Job is what is to be generated of which pictures.
type Job struct {
	Variants []variant.Variant
	// AllFormats generates each format that variant.FormatAuto can choose, and not only
	// that for clients that name no format.
	AllFormats bool
	// Keys come first, then those of List if that is not nil. Count, if not nil, gives
	// what List does, but faster, to find out how many there are.
	Keys        []variant.Key
	List, Count Source
	Parallel    int // pictures at once
	// Failed, if not nil, is told of each picture that failed, one at a time.
	Failed func(variant.Key, error)
}

// Source gives keys, and tells skipped of names that are none. An error is the last
// element.
type Source func(ctx context.Context, skipped func(name string)) iter.Seq2[variant.Key, error]

// Runner primes many pictures.
type Runner struct {
	Engine *Engine
	Down   func(key string) bool // reports that the origin of a key is known not to answer
}

// Run primes the pictures of a job until nothing is left to do, ctx ends, the keys end
// with an error, or so many pictures fail that the rest would, too. It reports how far
// it is, one call at a time; the last report comes when nothing is under way any more,
// and says how it ended.
func (r *Runner) Run(ctx context.Context, j Job, report func(Progress)) error {
	t := newTally(time.Now(), len(j.Keys), j.List != nil)
	stop := t.reportEvery(ProgressEvery, report)
	err := panics.Try("prime", func() error { return r.run(ctx, j, t) })
	stop()
	state, reason := Done, ""
	switch {
	case err != nil && ctx.Err() != nil:
		state = Stopped
	case err != nil:
		state, reason = Failed, err.Error()
	}
	now := time.Now()
	t.end(state, reason, now)
	report(t.snapshot(now))
	return err
}

func (r *Runner) run(ctx context.Context, j Job, t *tally) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var counting sync.WaitGroup
	defer counting.Wait()
	defer cancel(nil)
	if j.Count != nil {
		counting.Go(func() {
			_ = panics.Try("prime", func() error { t.count(ctx, j.Count(ctx, func(string) {})); return nil })
		})
	}
	variants := r.Engine.Variants(j.Variants, j.AllFormats)
	err := r.Engine.PrimeAll(ctx, r.waitForOrigins(ctx, j.keys(ctx, t)), variants, j.Parallel, func(key variant.Key, result Result) {
		inARow := t.note(key, result, time.Now())
		if result.Err != nil && j.Failed != nil {
			j.Failed(key, result.Err)
		}
		if inARow == giveUpAfter {
			cancel(fmt.Errorf("given up after %d failures in a row, the last: %w", inARow, result.Err))
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// keys are those of Keys and of List.
func (j Job) keys(ctx context.Context, t *tally) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		for _, key := range j.Keys {
			if !yield(key, nil) {
				return
			}
		}
		if j.List == nil {
			return
		}
		for key, err := range j.List(ctx, t.leaveOut) {
			if !yield(key, err) {
				return
			}
		}
	}
}

// waitForOrigins delays keys whose origin is down, instead of failing them.
func (r *Runner) waitForOrigins(ctx context.Context, keys iter.Seq2[variant.Key, error]) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		for key, err := range keys {
			if err == nil {
				err = r.waitForOrigin(ctx, key)
			}
			if !yield(key, err) {
				return
			}
		}
	}
}

func (r *Runner) waitForOrigin(ctx context.Context, key variant.Key) error {
	for since := time.Now(); r.Down(string(key)); {
		if time.Since(since) >= originTimeout {
			return fmt.Errorf("%w: the origin of %q has not answered for %v", storage.ErrUnavailable, key, originTimeout)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(originPoll):
		}
	}
	return nil
}
