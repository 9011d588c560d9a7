package disk

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
)

// A pass goes through shards: the directories, of all tiers, whose names begin
// with the same two digits, which are those that one file of the journal is
// about.
const (
	shards         = 256
	dirsOfAShard   = prefixes / shards
	dirsOfAllTiers = dirsOfAShard * eviction.Tiers
)

func everywhere() []int {
	all := make([]int, shards)
	for i := range all {
		all[i] = i
	}
	return all
}

// choice decides that a file goes. It is asked by several goroutines.
type choice func(t eviction.Tier, f *file) bool

// file is what a pass knows about a file.
type file struct {
	name  string
	count eviction.Count
	used  time.Time
	age   time.Duration // of used; below zero if that is after the purge began
	quota *quota        // that the file was taken from, if it goes and one was
}

// quota is how much is yet to be chosen of files that rank alike.
type quota struct {
	mu   sync.Mutex
	left eviction.Count
}

func (q *quota) take(f *file) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left.Files <= 0 && q.left.Bytes <= 0 && q.left.Disk <= 0 {
		return false
	}
	q.left = q.left.Minus(f.count)
	f.quota = q
	return true
}

// giveBack lets another file go for one that did not.
func (f *file) giveBack() {
	if f.quota == nil {
		return
	}
	f.quota.mu.Lock()
	defer f.quota.mu.Unlock()
	f.quota.left = f.quota.left.Plus(f.count)
}

// tally is what a pass has come to; each worker has its own.
type tally struct {
	census  eviction.Histograms // of what was kept
	gone    [eviction.Tiers]eviction.Count
	oldest  [eviction.Tiers]time.Time // the least recent use of what was kept
	foreign int64
	failed  int64
	failure error
}

func (t *tally) keep(tier eviction.Tier, f *file) {
	t.census[tier].Add(f.age, f.count)
	if t.oldest[tier].IsZero() || f.used.Before(t.oldest[tier]) {
		t.oldest[tier] = f.used
	}
}

func (t *tally) fail(err error) {
	t.failed++
	if t.failure == nil {
		t.failure = err
	}
}

func (t *tally) removed() (sum eviction.Count) {
	for _, gone := range t.gone {
		sum = sum.Plus(gone)
	}
	return sum
}

// addRemoved adds what an earlier pass removed. What it failed at and left, this
// one has found again.
func (t *tally) addRemoved(earlier *tally) {
	for tier := range t.gone {
		t.gone[tier] = t.gone[tier].Plus(earlier.gone[tier])
	}
}

func (t *tally) merge(other *tally) {
	t.addRemoved(other)
	for tier := range t.gone {
		t.census[tier].Merge(&other.census[tier])
		if o := other.oldest[tier]; !o.IsZero() && (t.oldest[tier].IsZero() || o.Before(t.oldest[tier])) {
			t.oldest[tier] = o
		}
	}
	t.foreign += other.foreign
	t.failed += other.failed
	if t.failure == nil {
		t.failure = other.failure
	}
}

func (t *tally) summary() (s Summary) {
	for tier := range eviction.Tier(eviction.Tiers) {
		kept := t.census[tier].Total()
		*s.Of(tier) = TierSummary{
			Seen: kept.Plus(t.gone[tier]), Removed: t.gone[tier], Kept: kept, OldestKept: t.oldest[tier],
		}
	}
	s.Foreign, s.Failed = t.foreign, t.failed
	if t.failure != nil {
		s.Failure = t.failure.Error()
	}
	return s
}

// pass goes through shards and removes what choose says. It ends early, with
// what it came to, when ctx is done.
func (p *purger) pass(ctx context.Context, shards []int, choose choice) *tally {
	var next atomic.Int64
	report := p.reporter(len(shards) * dirsOfAllTiers)
	tallies := make([]tally, min(p.Workers, len(shards)))
	var workers sync.WaitGroup
	for i := range tallies {
		workers.Go(func() {
			w := &worker{purger: p, ctx: ctx, choose: choose, report: report, tally: &tallies[i]}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(shards) || ctx.Err() != nil {
					return
				}
				if err := panics.Try("purge", func() error { w.shard(shards[i]); return nil }); err != nil {
					w.tally.fail(err)
				}
			}
		})
	}
	workers.Wait()
	sum := &tally{}
	for i := range tallies {
		sum.merge(&tallies[i])
	}
	return sum
}

// reporter returns what each worker calls after each directory.
func (p *purger) reporter(all int) func() {
	var mu sync.Mutex
	done := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		p.Progress(done, all)
	}
}

// shard goes through the directories of a shard and brings its part of the
// journal up to date.
func (w *worker) shard(shard int) {
	began := w.Now()
	live := newLiveSources(w.dir, fmt.Sprintf("%0*x", shardDigits, shard), w.DryRun)
	for i := range dirsOfAShard {
		for t := range eviction.Tier(eviction.Tiers) {
			if w.ctx.Err() != nil {
				return
			}
			w.directory(t, fmt.Sprintf("%0*x", prefixDigits, shard*dirsOfAShard+i), live)
			w.report()
		}
	}
	if w.ctx.Err() != nil {
		return
	}
	if err := live.compact(w.ctx, began); err != nil {
		w.tally.fail(err)
	}
}
