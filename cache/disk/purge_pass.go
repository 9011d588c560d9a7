package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
)

// A shard is the directories, of all tiers, whose names begin with the same shardDigits
// digits. One file of the journal belongs to it. A worker takes a shard at a time.
const shards = 256

func shardName(i int) string { return fmt.Sprintf("%0*x", shardDigits, i) }

// directory has the names that begin with the same prefixDigits digits, in one tier.
type directory struct {
	tier   eviction.Tier
	prefix string
}

// pass goes once through all directories, and removes what has expired and what the plan
// says.
type pass struct {
	*purger
	ctx      context.Context
	began    time.Time
	unlisted bool // the directories of a tier are not known

	mu   sync.Mutex          // for what follows
	plan eviction.Plan       // with what is left of its quotas
	kept eviction.Histograms // the files that were kept
	dirs int                 // how many directories are done
	done Summary
}

// file is what a purge must know of a file.
type file struct {
	count eviction.Count
	used  time.Time
	age   time.Duration // of used; negative if that is after the start of the purge
}

// pass returns what it has done until ctx ended, if that ends first.
func (p *purger) pass(ctx context.Context, plan eviction.Plan) *pass {
	run := &pass{purger: p, ctx: ctx, plan: plan, began: p.Now()}
	all, n := run.directories()
	var workers errgroup.Group
	workers.SetLimit(p.Workers)
	for i, dirs := range all {
		workers.Go(func() error {
			run.fail(panics.Try("purge", func() error { return run.shard(i, dirs, n) }))
			return nil
		})
	}
	_ = workers.Wait() // which has no error
	for t := range eviction.Tier(eviction.Tiers) {
		s := run.done.Of(t)
		s.Kept = run.kept[t].Total()
		s.Seen = s.Kept.Plus(s.Removed)
	}
	return run
}

// directories returns the directories of each shard, and how many there are.
func (p *pass) directories() (all [shards][]directory, n int) {
	for t := range eviction.Tier(eviction.Tiers) {
		entries, err := os.ReadDir(filepath.Join(p.dir, t.String()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			p.unlisted = true
			p.fail(err)
		}
		for _, e := range entries {
			i, err := strconv.ParseUint(e.Name(), 16, 4*prefixDigits)
			if err == nil && e.Name() == fmt.Sprintf("%0*x", prefixDigits, i) {
				shard := &all[i>>(4*(prefixDigits-shardDigits))]
				*shard = append(*shard, directory{t, e.Name()})
				n++
			}
		}
	}
	return all, n
}

// shard goes through the directories of a shard, of n in all, and compacts its journal.
func (p *pass) shard(i int, dirs []directory, n int) error {
	live, complete := sources{}, !p.unlisted
	for _, d := range dirs {
		if p.ctx.Err() != nil {
			return nil
		}
		if err := p.directory(d, live); err != nil {
			complete = false
			p.fail(err)
		}
		p.report(n)
	}
	if p.DryRun || !complete || p.ctx.Err() != nil {
		return nil
	}
	if err := compact(p.ctx, p.dir, shardName(i), live, p.began); p.ctx.Err() == nil {
		return err
	}
	return nil
}

// directory adds to live the sources of the files that it does not remove.
func (p *pass) directory(d directory, live sources) error {
	f, err := openDirectory(filepath.Join(p.dir, d.tier.String(), d.prefix))
	if f == nil {
		return err
	}
	defer f.Close()
	return eachName(p.ctx, f, func(name string) {
		if p.entry(d, f, name) {
			live.add(name)
		}
	})
}

// entry examines one name of a directory, and reports whether it remains as an entry of the
// cache.
func (p *pass) entry(d directory, dir *os.File, name string) (remains bool) {
	st, err := lstat(dir, name)
	switch {
	case err == unix.ENOENT:
		return false
	case err != nil:
		p.fail(fmt.Errorf("stat %s/%s/%s: %w", d.tier, d.prefix, name, err))
		return true
	case !isOurs(&st, d.prefix, name):
		p.mu.Lock()
		defer p.mu.Unlock()
		p.done.Foreign++
		return false
	}
	used := time.Unix(st.Atim.Unix())
	f := file{sizeOf(&st), used, p.start.Sub(used)}
	if !p.chosen(d.tier, f) {
		return true
	}
	err = p.remove(dir, name)
	p.removed(d.tier, f, err)
	if err == nil || err == unix.ENOENT {
		return false
	}
	p.fail(fmt.Errorf("remove %s/%s/%s: %w", d.tier, d.prefix, name, err))
	return true
}

// chosen reports whether to remove a file, and otherwise counts it as kept.
func (p *pass) chosen(t eviction.Tier, f file) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	isNew := f.age < 0 && !f.used.After(p.Now()) // used or created since it was counted
	if p.policy.Expired(t, f.age) || !isNew && p.plan.Cutoffs[t].Take(f.age, f.count) {
		return true
	}
	p.keep(t, f)
	return false
}

func (p *pass) keep(t eviction.Tier, f file) {
	p.kept[t].Add(f.age, f.count)
	if oldest := &p.done.Of(t).OldestKept; oldest.IsZero() || f.used.Before(*oldest) {
		*oldest = f.used
	}
}

// removed records the result of removing a file. It counts neither as removed nor as kept
// if another process has removed it.
func (p *pass) removed(t eviction.Tier, f file, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		s := p.done.Of(t)
		s.Removed = s.Removed.Plus(f.count)
		return
	}
	if !p.policy.Expired(t, f.age) {
		p.plan.Cutoffs[t].PutBack(f.age, f.count)
	}
	if err != unix.ENOENT {
		p.keep(t, f)
	}
}

func (p *pass) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done.fail(err)
}

func (p *pass) report(all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dirs++
	p.Progress(p.dirs, all)
}
