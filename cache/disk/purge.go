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
	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/files"
)

// ErrPurging is returned while another purge of the same directory is running.
var ErrPurging = errors.New("another purge of this cache directory is running")

// ErrNoCache is returned for a directory that has none of the tiers.
var ErrNoCache = errors.New("not a cache directory")

// PurgeOptions are optional.
type PurgeOptions struct {
	// DryRun removes nothing, and counts what would be removed.
	DryRun bool
	// Wait is how long to wait for another purge of the directory to end, before
	// ErrPurging is returned; zero is not at all.
	Wait time.Duration
	// Workers is how many directories are read at once; 2 * GOMAXPROCS if zero, since
	// workers wait for the disk.
	Workers int
	// Now is the clock for the ages of files; time.Now if nil.
	Now func() time.Time
	// Progress, if not nil, is called after each directory with how many of all are done,
	// by one goroutine at a time. If a second pass is needed, done starts at 1 again.
	Progress func(done, all int)

	// Tests replace these.
	unlink func(dir *os.File, name string) error
	space  func(dir string) (eviction.Space, error)
}

// Purge removes from a cache directory what policy says, while other processes read and
// write there. It removes only files: entries of the tiers, stale temp files, and what older
// versions kept in quarantine/. An entry that is used between being counted and being
// removed is kept. A missing tier, as in a directory that an older version made, counts as
// empty and is not created: the purge may run as another user than the server.
//
// A purge reads all directories once, or twice if a budget is exceeded, and holds the
// names of one directory per worker in memory.
//
// It returns ErrPurging if another purge of the directory is running, ErrNoCache if dir
// is no cache directory, and the cause of ctx, with what was done until then, if ctx ended
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

// oldQuarantine is the directory in which older versions noted what processes died of.
const oldQuarantine = "quarantine"

// purgeLock is the file below the cache directory that a purge locks. It is never
// removed: two purges could each lock one of that name.
const purgeLock = "purge.lock"

// lockPurge locks a cache directory for a purge. If another purge still runs after wait,
// it returns ErrPurging.
func lockPurge(ctx context.Context, dir string, wait time.Duration) (unlock func(), err error) {
	path := filepath.Join(dir, purgeLock)
	f, err := files.OpenOrCreate(path, os.O_RDWR)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) {
		// Another user's file, or a read-only file system: reading is enough to lock it.
		f, err = os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the cache directory: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wait, ErrPurging)
	defer cancel()
	if err := files.Lock(ctx, f, unix.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

type purger struct {
	PurgeOptions
	dir    string
	policy eviction.Policy
	start  time.Time
}

func newPurger(dir string, policy eviction.Policy, opts PurgeOptions) (*purger, error) {
	if err := CheckDirectory(dir); err != nil {
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
		p.unlink = unlink
	}
	if p.space == nil {
		p.space = SpaceOf
	}
	return p, nil
}

// CheckDirectory returns ErrNoCache if dir is no cache directory. It keeps a mistyped path
// from being purged.
func CheckDirectory(dir string) error {
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

// run removes what has expired and counts the rest. If a budget is exceeded, a second
// pass removes what the plan says, and what has expired and is still there: in a dry run, and
// where it could not be removed.
func (p *purger) run(ctx context.Context) (Summary, error) {
	p.start = p.Now()
	space, err := p.space(p.dir)
	if err != nil {
		return Summary{}, err
	}
	first := p.pass(ctx, eviction.Plan{})
	last, plan := first, eviction.Plan{}
	if p.policy.Budgets() && ctx.Err() == nil {
		plan = p.policy.Plan(&first.kept, space.Without(first.done.removed()))
	}
	if !plan.Empty() {
		last = p.pass(ctx, plan)
		if !p.DryRun {
			last.done.addRemoved(&first.done)
		}
	}
	s := last.done
	s.DryRun, s.TooSmall, s.Left = p.DryRun, plan.TooSmall, newCensus(&last.kept, p.start)
	p.removeStaleTemps(ctx, &s)
	if err := context.Cause(ctx); err != nil || p.DryRun {
		return s, err
	}
	_ = os.RemoveAll(filepath.Join(p.dir, oldQuarantine)) // nobody reads it, if it stays
	s.fail(writeCensus(p.dir, s.Left))
	return s, nil
}

// remove removes a file from an open directory, unless this is a dry run.
func (p *purger) remove(dir *os.File, name string) error {
	if p.DryRun {
		return nil
	}
	err := p.unlink(dir, name)
	failpoint.Reach("file removed")
	return err
}
