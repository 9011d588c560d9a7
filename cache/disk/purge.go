package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
)

// ErrNoCache is returned for a directory that has none of the tiers.
var ErrNoCache = errors.New("not a cache directory")

// PurgeOptions are optional.
type PurgeOptions struct {
	// DryRun removes nothing, and counts what would have been removed.
	DryRun bool
	// Wait is how long to wait for another purge of the directory to end; then
	// ErrPurging is returned. Zero is not at all.
	Wait time.Duration
	// Workers is how many directories are gone through at once; twice
	// GOMAXPROCS if 0, as they wait for the disk at times.
	Workers int
	// Now is the clock that ages are reckoned by; time.Now if nil.
	Now func() time.Time
	// Progress, if not nil, is told after each directory how many of how many
	// are done, by one goroutine at a time. If the files must be gone through a
	// second time, it starts at 1 again.
	Progress func(done, all int)

	// What tests put something else in place of.
	unlink func(dir int, name string) error
	space  func(dir string) (eviction.Space, error)
}

// Summary is what a purge has done, or would do if it was a DryRun.
type Summary struct {
	eviction.PerTier[TierSummary]
	// Litter are temporary files that were removed, since nobody writes to them.
	Litter eviction.Count `json:"litter"`
	// Foreign is how many entries were left because they are no files of the cache.
	Foreign int64 `json:"foreign"`
	// Failed is how many files could not be looked at or removed, and directories
	// that could not be read; Failure is the first error.
	Failed  int64  `json:"failed"`
	Failure string `json:"failure,omitempty"`
	// TooSmall is set if files went that had been used within eviction.Recent.
	TooSmall bool    `json:"too_small"`
	DryRun   bool    `json:"dry_run"`
	Seconds  float64 `json:"seconds"`
}

// TierSummary is about the files of one tier. Those that somebody else removed
// meanwhile are not counted.
type TierSummary struct {
	Seen    eviction.Count `json:"seen"`
	Removed eviction.Count `json:"removed"`
	Kept    eviction.Count `json:"kept"`
	// OldestKept is the longest time since the last use of a file that was kept;
	// zero if none was.
	OldestKept time.Time `json:"oldest_kept,omitzero"`
}

// Purge removes from a cache directory what policy does not let stay, beside
// processes that read and write there. It removes files only: entries of all
// tiers, and temporaries that nobody has written to for an hour. What is used
// between being counted and being removed stays. A tier that is not there, in a
// directory that an older version made, is taken for an empty one, and not made:
// whoever purges may be another user than the server.
//
// Files go through memory a directory at a time, twice if a budget is exceeded
// and once otherwise.
//
// It returns ErrPurging if another purge of this directory goes on, ErrNoCache
// if dir is none, and ctx's error, with what was done until then, if ctx ended
// it. A file that cannot be removed is no error: see Summary.Failed.
func Purge(ctx context.Context, dir string, policy eviction.Policy, opts PurgeOptions) (Summary, error) {
	p, err := newPurger(dir, policy, opts)
	if err != nil {
		return Summary{}, err
	}
	if !opts.DryRun {
		unlock, err := lockPurge(ctx, dir, opts.Wait)
		if err != nil {
			return Summary{}, err
		}
		defer unlock()
	}
	began := time.Now()
	s, err := p.run(ctx)
	s.Seconds = time.Since(began).Seconds()
	return s, err
}

// purger is one purge.
type purger struct {
	PurgeOptions
	dir    string
	policy eviction.Policy
	start  time.Time
}

func newPurger(dir string, policy eviction.Policy, opts PurgeOptions) (*purger, error) {
	if err := isCache(dir); err != nil {
		return nil, err
	}
	p := &purger{PurgeOptions: opts, dir: dir, policy: policy}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Workers <= 0 {
		p.Workers = 2 * runtime.GOMAXPROCS(0)
	}
	if p.Progress == nil {
		p.Progress = func(int, int) {}
	}
	if p.unlink == nil {
		p.unlink = func(dir int, name string) error { return unix.Unlinkat(dir, name, 0) }
	}
	if p.space == nil {
		p.space = SpaceOf
	}
	return p, nil
}

// isCache keeps a slip of the pen from purging something else.
func isCache(dir string) error {
	for t := range eviction.Tier(eviction.Tiers) {
		info, err := os.Stat(filepath.Join(dir, t.String()))
		if err == nil && info.IsDir() {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cache directory %s: %w", dir, err)
		}
	}
	return fmt.Errorf("%w: %s has no %s/ and no %s/", ErrNoCache, dir, eviction.Originals, eviction.Derivatives)
}

// run removes what has expired while it counts the rest, and then, if there is
// too much of that, goes through it again.
func (p *purger) run(ctx context.Context) (Summary, error) {
	p.start = p.Now()
	space, err := p.space(p.dir)
	if err != nil {
		return Summary{}, err
	}
	first := p.pass(ctx, everywhere(), p.expired)
	last, plan := first, eviction.Plan{}
	if p.policy.Budgets() && ctx.Err() == nil {
		plan = p.policy.Plan(&first.census, space.Without(first.removed()))
	}
	if !plan.Empty() {
		last = p.pass(ctx, everywhere(), p.exceeding(plan))
		if !p.DryRun {
			last.addRemoved(first)
		}
	}
	s := last.summary()
	s.DryRun, s.TooSmall = p.DryRun, plan.TooSmall
	p.sweep(&s)
	if err := context.Cause(ctx); err != nil || p.DryRun {
		return s, err
	}
	if err := writeCensus(p.dir, newCensus(&last.census, p.start)); err != nil {
		s.fail(err)
	}
	return s, nil
}

func (p *purger) expired(t eviction.Tier, f *file) bool { return p.policy.Expired(t, f.age) }

// exceeding chooses what a plan removes, and what has expired: that is already
// gone, but for what could not be removed and in a dry run.
func (p *purger) exceeding(plan eviction.Plan) choice {
	var quotas [eviction.Tiers]quota
	for t := range quotas {
		quotas[t].left = plan.Cutoffs[t].Quota
	}
	return func(t eviction.Tier, f *file) bool {
		if p.expired(t, f) {
			return true
		}
		if f.age < 0 && !f.used.After(p.Now()) {
			return false // used, or made, since it was counted
		}
		switch plan.Cutoffs[t].Of(f.age) {
		case eviction.Remove:
			return true
		case eviction.KeepSome:
			return quotas[t].take(f)
		}
		return false
	}
}

// SpaceOf asks the file system that dir is on.
func SpaceOf(dir string) (eviction.Space, error) {
	var st unix.Statfs_t
	if _, err := retry(func() (int, error) { return 0, unix.Statfs(dir, &st) }); err != nil {
		return eviction.Space{}, fmt.Errorf("free space of %s: %w", dir, err)
	}
	unit := int64(st.Bsize)
	used := int64(st.Blocks) - int64(st.Bfree)
	return eviction.Space{
		// What is reserved for root is not there for others, as in df.
		FreeBytes: int64(st.Bavail) * unit, TotalBytes: (used + int64(st.Bavail)) * unit,
		FreeFiles: int64(st.Ffree), TotalFiles: int64(st.Files),
	}, nil
}
