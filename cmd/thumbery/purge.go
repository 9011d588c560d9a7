package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/internal/progress"
	"github.com/thumbery/thumbery/internal/summary"
	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/variant"
)

type purgeCmd struct {
	settings.CacheFlag   `group:"cache"`
	settings.PolicyFlags `group:"cache"`

	// These flags are for one run only, so they have no environment variables. serve's
	// --source is unrelated.
	Source []values.Key    `env:"-" sep:"none" placeholder:"KEY" group:"Forget pictures" help:"Forget a picture: its original and everything made of it. A server that uses this directory forgets it, too, and so do other nodes with --peers. Repeatable."`
	Prefix []values.Prefix `env:"-" sep:"none" placeholder:"PREFIX" group:"Forget pictures" help:"Forget all pictures whose keys begin with this, for example photos/2019/, in this directory only: not on other nodes, and not in caches in front. For all, give --max-size 1 instead. Repeatable."`

	DryRun bool          `env:"-" help:"Remove nothing, and print what would be removed."`
	JSON   bool          `name:"json" env:"-" help:"Print the summary as JSON."`
	Wait   time.Duration `default:"0s" min:"0s" env:"-" help:"How long to wait for another purge of this directory to end, for example 10m. With 0, a purge that finds another running does nothing."`
}

func (c *purgeCmd) forgets() bool { return len(c.Source)+len(c.Prefix) > 0 }

// Run purges until it is done or SIGTERM or SIGINT comes.
func (c *purgeCmd) Run(stdout io.Writer) error {
	lifecycle.OutliveReaders()
	policy := c.Policy()
	if policy.Empty() && !c.forgets() {
		return exit.Usage(errors.New("purge: say what to remove: --older-than 30d, --max-size 50GiB, --max-files, --min-free 10%, --source KEY or --prefix PREFIX"))
	}
	ctx, cancel := lifecycle.UntilSignal()
	defer cancel()
	report, err := c.purge(ctx, policy, progress.New(os.Stderr, lines(stdout, c.JSON)))
	if errors.Is(err, disk.ErrNoCache) {
		return exit.Usage(fmt.Errorf("--cache: %w", err))
	}
	report.Busy = errors.Is(err, disk.ErrPurging)
	if err := summary.Print(stdout, &report, report.next(), c.JSON); err != nil {
		return err
	}
	if report.Busy && c.Wait == 0 {
		return report.failure()
	}
	if err != nil {
		return fmt.Errorf("purge %s: %w", c.Cache, err)
	}
	return report.failure()
}

// purge forgets first, since that waits for no other purge.
func (c *purgeCmd) purge(ctx context.Context, policy eviction.Policy, bar *progress.Bar) (r purgeReport, err error) {
	defer bar.Done()
	if c.forgets() {
		if err := c.forget(ctx, bar.Track("forgetting", ""), &r); err != nil {
			return r, err
		}
	}
	if policy.Empty() {
		return r, nil
	}
	s, err := disk.Purge(ctx, c.Cache, policy, disk.PurgeOptions{DryRun: c.DryRun, Wait: c.Wait, Progress: bar.Track("purging", "")})
	if s.Seconds > 0 { // it has run
		r.Summary = &s
	}
	return r, err
}

// forget forgets what is to be forgotten. What --source names is recorded, so that other nodes
// forget it, and a server that uses this cache directory, too.
func (c *purgeCmd) forget(ctx context.Context, track func(done, all int), r *purgeReport) error {
	if err := disk.CheckDirectory(c.Cache); err != nil {
		return err
	}
	keys := convert[variant.Key](c.Source)
	forget := func() error {
		f, err := disk.Forget(ctx, c.Cache, keys, convert[string](c.Prefix), disk.ForgetOptions{DryRun: c.DryRun, Progress: track})
		r.Forgotten = &f
		return err
	}
	if c.DryRun || len(keys) == 0 {
		return forget()
	}
	log, err := invalidation.New(c.Cache, invalidation.Options{Log: slog.Default()})
	if err != nil {
		return err
	}
	return log.Record(ctx, forget, keys...)
}

func convert[To, From ~string](from []From) []To {
	to := make([]To, len(from))
	for i, f := range from {
		to[i] = To(f)
	}
	return to
}

// purgeReport is what purge prints.
type purgeReport struct {
	*disk.Summary                     // nil if no limit was given, or Busy
	Forgotten     *disk.ForgetSummary `json:"forgotten,omitempty"`
	Busy          bool                `json:"busy,omitempty"` // another purge was running
}

func (r *purgeReport) String() string {
	text := ""
	if r.Forgotten != nil {
		text += r.Forgotten.String()
	}
	if r.Summary != nil {
		text += r.Summary.String()
	}
	if r.Busy {
		text += "another purge of this cache directory is running: nothing done\n"
	}
	return text
}

// next says what to do next.
func (r *purgeReport) next() string {
	switch {
	case r.Busy:
		return "wait for the other purge with --wait 10m, or let it do the work"
	case r.failure() != nil:
		return "mend what could not be removed, mostly the owner of the files, and run it again as the server's user"
	case r.Summary != nil && r.DryRun || r.Forgotten != nil && r.Forgotten.DryRun:
		return "run the same without --dry-run, to remove it"
	case r.Summary != nil && r.TooSmall:
		return "give the cache more space (--max-size, --max-files), or a larger disk"
	case r.Summary == nil && r.Forgotten != nil:
		return "nothing here; browsers and caches in front keep a picture for --max-age, unless --purge-url tells them"
	}
	return "nothing; what is requested again is made again"
}

// failure says that something could not be removed.
func (r *purgeReport) failure() error {
	var failed int64
	var first string
	if r.Summary != nil {
		failed, first = r.Failed, r.Failure
	}
	if r.Forgotten != nil && r.Forgotten.Failed > 0 {
		failed, first = failed+r.Forgotten.Failed, r.Forgotten.Failure
	}
	if failed == 0 {
		return nil
	}
	return exit.Partly(fmt.Errorf("%s could not be removed; the first: %s", summary.Plural(failed, "file"), first))
}
