package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/origins"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/internal/progress"
	"github.com/thumbery/thumbery/internal/summary"
	"github.com/thumbery/thumbery/migrate"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/dir"
	"github.com/thumbery/thumbery/storage/s3"
)

// migrateCmd is run once, so that its flags are no settings, and have no environment variables.
type migrateCmd struct {
	From values.Backend `required:"" env:"-" placeholder:"URL" help:"Backend of the originals, for example file:///srv/images; as in serve's --source."`
	To   values.Backend `required:"" env:"-" placeholder:"URL" help:"Backend that they are copied to, for example 's3://bucket/prefix?region=eu-west-1'. If the two need different credentials, give each a profile=."`

	Prefix   values.PrefixOrAll `env:"-" placeholder:"PREFIX" help:"Copy only originals whose keys begin with this, for example photos/2019/; / is all."`
	Parallel int                `default:"16" min:"1" max:"256" env:"-" help:"How many originals are copied at once. Each takes up to 8 MiB of memory."`
	Verify   bool               `env:"-" help:"Read every copy back and compare its SHA-256 with the original's, also of those that existed already. Do that before you delete anything."`
	DryRun   bool               `env:"-" help:"Copy nothing, and print what would be copied."`
	JSON     bool               `name:"json" env:"-" help:"Print the summary as JSON."`
}

// Help is shown by migrate --help.
func (c *migrateCmd) Help() string {
	return `What is at the destination is never overwritten: an original of the same size counts as copied, and one of another size is reported. So it can be stopped at any time, and run again to go on.

Nothing is deleted. Exit status 3 says that some originals could not be copied, or are different at the destination; all of them are in the log.`
}

// openStore opens the backend of a flag, to be listed and written to.
func openStore(flag string, backend values.Backend) (migrate.Store, error) {
	origin, err := origins.OpenBackend(backend.URL, s3.Options{})
	switch {
	case errors.Is(err, dir.ErrNoDirectory) && flag == "--to":
		err = errors.New("there is no such directory: make it first, with mkdir, or write another one for --to")
	case errors.Is(err, dir.ErrNoDirectory):
		err = errors.New("there is no such directory: write the one that has the originals")
	}
	if err != nil {
		return nil, exit.Usage(fmt.Errorf("%s %s: %w", flag, storage.RedactURL(backend.URL), err))
	}
	s, ok := origin.(migrate.Store)
	if !ok {
		return nil, exit.Usage(fmt.Errorf("%s: %s cannot be listed and written to", flag, origin))
	}
	return s, nil
}

// Run copies until it is done or SIGTERM or SIGINT comes.
func (c *migrateCmd) Run(stdout io.Writer) error {
	lifecycle.OutliveReaders()
	from, err := openStore("--from", c.From)
	if err != nil {
		return err
	}
	to, err := openStore("--to", c.To)
	if err != nil {
		return err
	}
	if from.String() == to.String() {
		return exit.Usage(fmt.Errorf("--from and --to are the same backend, %s", from))
	}
	if migrate.Overlap(from, to) {
		return exit.Usage(fmt.Errorf("one of --from and --to, %s and %s, lies within the other: what is copied would be found again as an original", from, to))
	}
	ctx, cancel := lifecycle.UntilSignal()
	defer cancel()
	bar := progress.New(os.Stderr, lines(stdout, c.JSON))
	m := migrate.Migration{
		From: from, To: to, Prefix: string(c.Prefix), Parallel: c.Parallel, Verify: c.Verify, DryRun: c.DryRun,
		Log: slog.New(slog.NewTextHandler(bar, nil)), Progress: bar.Track("migrating", "files"),
	}
	started := time.Now()
	report, err := m.Run(ctx)
	bar.Done()
	report.Seconds = time.Since(started).Seconds()
	return errors.Join(summary.Print(stdout, report, c.next(report), c.JSON), exit.Conclusion(ctx, "copied", err, report.Failure()))
}

// next says what to do next; "" where the error says it.
func (c *migrateCmd) next(r *migrate.Report) string {
	switch to := storage.RedactURL(c.To.URL); {
	case !r.Complete:
		return ""
	case r.Failure() != nil:
		return "look at each in the log, and run it again: what has been copied is not copied again"
	case r.DryRun:
		return "run the same without --dry-run, to copy"
	case !c.Verify:
		return "run the same with --verify, which compares every copy, before you delete anything"
	case c.Prefix != "":
		return "copy and verify the rest, without --prefix"
	default:
		return fmt.Sprintf("serve from there: thumbery serve --source '/=%s'; until nothing is uploaded to %s any more, '/=%s,%s'", to, storage.RedactURL(c.From.URL), to, storage.RedactURL(c.From.URL))
	}
}
