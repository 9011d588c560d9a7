package prime

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	Keys       []variant.Key
	List       Source // of more keys; nil for none
	// Counts goes through List once more, at the same time, to find out how many there are.
	Counts   bool
	Parallel int // pictures at once
	// Failed, if not nil, is told of each picture that failed, one at a time.
	Failed func(variant.Key, error)
}

// Source gives keys, and tells skipped of names that are none. An error is the last
// element.
type Source func(ctx context.Context, skipped func(name string)) iter.Seq2[variant.Key, error]

// Run primes the pictures of a job until nothing is left to do, ctx ends, the keys end
// with an error, or so many pictures fail that the rest would, too. It reports how far
// it is, one call at a time; the last report comes when nothing is under way any more,
// and says how it ended.
func (e *Engine) Run(ctx context.Context, j Job, report func(Progress)) error {
	t := newTally(time.Now(), len(j.Keys), j.List != nil)
	stop := t.reportEvery(ProgressEvery, report)
	err := panics.Try("prime", func() error { return e.run(ctx, j, t) })
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

func (e *Engine) run(ctx context.Context, j Job, t *tally) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var counting sync.WaitGroup
	defer counting.Wait()
	defer cancel(nil)
	if j.Counts {
		counting.Go(func() {
			_ = panics.Try("prime", func() error { t.count(ctx, j.List(ctx, func(string) {})); return nil })
		})
	}
	variants := e.Variants(j.Variants, j.AllFormats)
	err := e.PrimeAll(ctx, j.keys(ctx, t), variants, j.Parallel, func(key variant.Key, result Result) {
		inARow := t.note(key, result)
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

// keys are those of Keys, and then those of List.
func (j Job) keys(ctx context.Context, t *tally) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		for _, key := range j.Keys {
			if !yield(key, nil) {
				return
			}
		}
		if j.List != nil {
			j.List(ctx, t.leaveOut)(yield)
		}
	}
}

// PrimeAll primes the pictures of keys, parallel of them at once, and calls done for each
// that is done, one at a time. It ends early with the error of keys, or of ctx, when
// nothing is running any more. Keys whose origin is down wait for it. While there are requests it
// rests after each piece of work, so that the engine is theirs most of the time.
func (e *Engine) PrimeAll(ctx context.Context, keys iter.Seq2[variant.Key, error], variants []Variant, parallel int, done func(variant.Key, Result)) error {
	var reporting sync.Mutex
	var all errgroup.Group
	all.SetLimit(max(parallel, 1))
	defer all.Wait()
	for key, err := range keys {
		if err == nil {
			err = e.waitForOrigin(ctx, key)
		}
		if err != nil {
			return err
		}
		all.Go(func() error {
			result := e.Prime(ctx, key, variants)
			reporting.Lock()
			defer reporting.Unlock()
			if ctx.Err() == nil {
				done(key, result)
			}
			return nil
		})
	}
	_ = all.Wait()
	return ctx.Err()
}

// waitForOrigin waits until the origin of a key is not known to be down, but not for ever.
func (e *Engine) waitForOrigin(ctx context.Context, key variant.Key) error {
	for since := time.Now(); ctx.Err() == nil && e.pipeline.Originals.IsDown(key); {
		if time.Since(since) >= originTimeout {
			return fmt.Errorf("%w: the origin of %q has not answered for %v", storage.ErrUnavailable, key, originTimeout)
		}
		select {
		case <-ctx.Done():
		case <-time.After(originPoll):
		}
	}
	return ctx.Err()
}

// queueLimit is how many pictures may be queued.
const queueLimit = 10_000

// Queue primes pictures one after the other.
type Queue struct {
	engine   *Engine
	variants []Variant
	keys     chan variant.Key
}

// NewQueue returns a Queue that makes each of variants of a picture, and of those with
// FormatAuto what the usual browsers get.
func (e *Engine) NewQueue(variants []variant.Variant) *Queue {
	return &Queue{e, e.Variants(variants, true), make(chan variant.Key, queueLimit)}
}

// Add queues a picture, and reports false if the queue is full.
func (q *Queue) Add(key variant.Key) bool {
	select {
	case q.keys <- key:
		return true
	default:
		return false
	}
}

// Waiting returns how many pictures are queued.
func (q *Queue) Waiting() int { return len(q.keys) }

// Run primes what is queued until ctx ends.
func (q *Queue) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case key := <-q.keys:
			if r := q.engine.Prime(ctx, key, q.variants); r.Err != nil && ctx.Err() == nil {
				q.engine.log.Warn("cannot prime a picture", "key", key, "cause", r.Err)
			}
		}
	}
}
