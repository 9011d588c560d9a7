package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
)

// A shard is the directories, of all tiers, whose names begin with the same shardDigits
// digits. One file of the journal belongs to it. A worker takes a shard at a time.
const (
	shards         = 256
	dirsOfAShard   = prefixes / shards // of one tier
	dirsOfAllTiers = prefixes * eviction.Tiers
)

func shardName(i int) string { return fmt.Sprintf("%0*x", shardDigits, i) }

type pass struct {
	*purger
	ctx    context.Context
	choose func(t eviction.Tier, f *file) bool // decides whether to remove a file; called with mu locked
	skip   func(name string) bool              // nil, or decides which names not to examine
	began  time.Time
	exist  [eviction.Tiers]map[string]bool // the directories that there were then

	mu    sync.Mutex // for what follows
	dirs  int        // that are done
	tally tally
}

type file struct {
	count eviction.Count
	used  time.Time
	age   time.Duration   // of used; negative if that is after the start of the purge
	quota *eviction.Count // that chose the file, if one did
}

// take chooses a file unless quota, which is how much is left to remove of files that rank
// alike, is used up.
func (f *file) take(quota *eviction.Count) bool {
	if quota.Files <= 0 && quota.Bytes <= 0 && quota.Disk <= 0 {
		return false
	}
	*quota = quota.Minus(f.count)
	f.quota = quota
	return true
}

// giveBack lets another file be removed instead of one that could not be.
func (f *file) giveBack() {
	if f.quota != nil {
		*f.quota = f.quota.Plus(f.count)
	}
}

type tally struct {
	kept    eviction.Histograms
	removed [eviction.Tiers]eviction.Count
	oldest  [eviction.Tiers]time.Time // the least recent use of a file that was kept
	foreign int64
	failed  int64
	failure error // the first one
}

func (t *tally) keep(tier eviction.Tier, f *file) {
	t.kept[tier].Add(f.age, f.count)
	if t.oldest[tier].IsZero() || f.used.Before(t.oldest[tier]) {
		t.oldest[tier] = f.used
	}
}

func (t *tally) removedInAll() (sum eviction.Count) {
	for _, c := range t.removed {
		sum = sum.Plus(c)
	}
	return sum
}

// addRemoved adds what an earlier pass removed. What the earlier one failed at or kept,
// this one has seen again.
func (t *tally) addRemoved(earlier *tally) {
	for tier, c := range earlier.removed {
		t.removed[tier] = t.removed[tier].Plus(c)
	}
}

func (t *tally) summary() (s Summary) {
	for tier := range eviction.Tier(eviction.Tiers) {
		kept := t.kept[tier].Total()
		*s.Of(tier) = TierSummary{
			Seen: kept.Plus(t.removed[tier]), Removed: t.removed[tier], Kept: kept, OldestKept: t.oldest[tier],
		}
	}
	s.Foreign, s.Failed = t.foreign, t.failed
	if t.failure != nil {
		s.Failure = t.failure.Error()
	}
	return s
}

// pass goes through all directories and removes the files that choose chooses. It ends
// early, with what was done, when ctx ends.
func (p *purger) pass(ctx context.Context, choose func(eviction.Tier, *file) bool) *tally {
	run := &pass{purger: p, ctx: ctx, choose: choose, began: p.Now()}
	for t := range run.exist {
		run.exist[t] = directoriesIn(filepath.Join(p.dir, eviction.Tier(t).String()))
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(p.Workers, shards) {
		workers.Go(func() {
			w := &worker{pass: run}
			for shard := next.Add(1) - 1; shard < shards && ctx.Err() == nil; shard = next.Add(1) - 1 {
				if err := panics.Try("purge", func() error { return w.shard(int(shard)) }); err != nil {
					run.fail(err)
				}
			}
		})
	}
	workers.Wait()
	return &run.tally
}

// directoriesIn returns what stands in the directory of a tier, or nil if it cannot be read.
// Of a small cache, only some of its directories exist, and to open the others costs as much.
func directoriesIn(tier string) map[string]bool {
	entries, err := os.ReadDir(tier)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names
}

// chosen reports whether to remove a file, and otherwise counts it as kept.
func (p *pass) chosen(t eviction.Tier, f *file) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.choose(t, f) {
		return true
	}
	p.tally.keep(t, f)
	return false
}

// removed records the result of removing a file. It counts neither as removed nor as kept
// if another process has removed it.
func (p *pass) removed(t eviction.Tier, f *file, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.tally.removed[t] = p.tally.removed[t].Plus(f.count)
		return
	}
	f.giveBack()
	if err != unix.ENOENT {
		p.tally.keep(t, f)
	}
}

func (p *pass) foreign() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.foreign++
}

func (p *pass) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.failed++
	if p.tally.failure == nil {
		p.tally.failure = err
	}
}

func (p *pass) report() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dirs++
	p.Progress(p.dirs, dirsOfAllTiers)
}
