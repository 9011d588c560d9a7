package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/internal/progress"
	"github.com/thumbery/thumbery/internal/summary"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/variant"
)

// primeCmd has flags of its own that are for one run only, so they have no environment
// variables.
type primeCmd struct {
	Ops        []string `complete:"preset" env:"-" sep:"none" placeholder:"OPS" group:"What to make" help:"Options as in a URL, for example 300x200,f_webp, or the name of a preset. Repeatable."`
	PresetAll  bool     `env:"-" group:"What to make" help:"Generate all presets."`
	AllFormats bool     `env:"-" group:"What to make" help:"With f_auto, generate every format that browsers may get. Without it, only the format for clients that accept none of AVIF, JPEG XL and WebP."`

	Prefix *values.PrefixOrAll `env:"-" placeholder:"PREFIX" group:"Of which pictures" help:"List the sources, and take all keys that begin with this, for example photos/2019/; / is all. Without --prefix and --since, keys are read from standard input, one a line."`
	Since  values.Age          `env:"-" placeholder:"DURATION" group:"Of which pictures" help:"List the sources, and take only what was changed within this time, for example 36h, 30d or 8w."`

	Server             prime.Server `env:"-" placeholder:"URL" group:"Where" help:"Have a running server do the work, while it serves: its admin listener, for example http://127.0.0.1:8081 or unix:/PATH. Without it, the work is done here, with the settings of serve below."`
	settings.TokenFlag `group:"Where"`
	Parallel           int  `env:"-" default:"8" min:"1" max:"256" group:"Where" help:"How many pictures are processed at once, without --server: --workers of them are resized, the others are fetched."`
	JSON               bool `name:"json" env:"-" group:"Where" help:"Print the summary as JSON."`

	AppFlags
}

// Help is shown by prime --help.
func (c *primeCmd) Help() string {
	return `Of each picture, the original is fetched once and decoded once for all sizes. What is cached already is skipped, so prime can be stopped at any time, and run again to go on.

Give it the settings that serve has, by the same environment or --config: those that decide what a derivative looks like are part of its name in the cache.

Exit status 3 says that some could not be made; all of them are in the log, or with --server the first few. Listed files that are no pictures are counted, and are no failures.`
}

// hideUnused hides the flags that mean nothing to prime, which have the tag "serving", from
// prime --help. They are accepted still.
func hideUnused(k *kong.Kong) error {
	for _, command := range k.Model.Children {
		for _, flag := range command.Flags {
			flag.Hidden = flag.Hidden || command.Name == "prime" && flag.Tag.Has("serving")
		}
	}
	return nil
}

// Validate is called by kong.
func (c *primeCmd) Validate() error {
	here := c.Server.IsZero()
	switch {
	case len(c.Ops) == 0 && !c.PresetAll:
		return errors.New("nothing to generate: give --ops thumb, --ops 300x200,f_webp or --preset-all")
	case here && c.PresetAll && len(c.Preset) == 0:
		return errors.New("--preset-all: there are no presets: give --preset, too")
	case here && c.ReadOnly:
		return errors.New("--read-only: nothing is fetched, and so nothing can be primed")
	}
	return nil
}

func (c *primeCmd) lists() bool { return c.Prefix != nil || c.Since > 0 }

// Run primes until it is done or SIGTERM or SIGINT comes.
func (c *primeCmd) Run(stdout io.Writer) error {
	lifecycle.OutliveReaders()
	if !c.lists() && term.IsTerminal(int(os.Stdin.Fd())) {
		return exit.Usage(errors.New("give keys on standard input, or --prefix: --prefix / is all pictures there are"))
	}
	bar := progress.New(os.Stderr, lines(stdout, c.JSON))
	log := slog.New(slog.NewTextHandler(bar, nil))
	slog.SetDefault(log) // for panics that are recovered
	r := &prime.Report{Began: time.Now(), Lists: c.lists(), Log: log, Show: bar.Show}
	run := c.remote
	if c.Server.IsZero() {
		app, job, err := c.prepare(r)
		if err != nil {
			return err
		}
		defer app.workers.Close()
		run = func(ctx context.Context, r *prime.Report) error { return app.primeHere(ctx, job, r) }
	}
	ctx, cancel := lifecycle.UntilSignal()
	defer cancel()
	err := run(ctx, r)
	bar.Done()
	return c.conclude(ctx, r, err, stdout)
}

// conclude prints the summary, and returns the error of the command. An error before
// anything was done has no summary.
func (c *primeCmd) conclude(ctx context.Context, r *prime.Report, err error, stdout io.Writer) error {
	if mistake, ok := errors.AsType[*prime.MistakeError](err); ok {
		err = exit.Usage(mistake)
	}
	if err != nil && ctx.Err() == nil && !r.Started() {
		return exit.Conclusion(ctx, "made", err, nil)
	}
	s := r.Summary(err)
	return errors.Join(summary.Print(stdout, s, c.next(s), c.JSON), exit.Conclusion(ctx, "made", err, s.Failure()))
}

// next says what to do next; "" where the error says it.
func (c *primeCmd) next(s *prime.Summary) string {
	switch {
	case !s.Complete:
		return ""
	case s.Failure() != nil:
		return "look at each in the log, and run it again: what has been made is not made again"
	case s.Made+s.There == 0:
		return "nothing was found to make: see which keys there are, and --prefix"
	case c.PresetAll:
		return "request one of them, and look for hit in its Cache-Status: thumbery url NAME KEY prints its path"
	default:
		return fmt.Sprintf("request one of them, and look for hit in its Cache-Status: thumbery url %s KEY prints its path", c.Ops[0])
	}
}

// primeQueue is more than can be queued: pictures, and mezzanines in the background.
const primeQueue = 1000

// prepare prepares the work to be done here. Its errors are mistakes in the flags, or those of
// starting workers. The caller closes the workers of the app.
func (c *primeCmd) prepare(r *prime.Report) (*app, prime.Job, error) {
	var err error
	if r.Where, err = filepath.Abs(c.Cache); err != nil {
		return nil, prime.Job{}, err
	}
	c.Repair = false // that is what serving is for
	app, err := c.app(appConfig{newGate: gate.NewDedicated, queue: primeQueue, metrics: metrics.New(), log: r.Log})
	if err != nil {
		return nil, prime.Job{}, err
	}
	variants, err := app.rules.Variants(c.Ops, c.PresetAll)
	if err == nil {
		err = app.Render.Settings.CheckWritable(variants)
	}
	if err != nil {
		app.workers.Close()
		return nil, prime.Job{}, exit.Usage(fmt.Errorf("--ops: %w", err))
	}
	job := prime.Job{Variants: variants, AllFormats: c.AllFormats, Parallel: c.Parallel, Failed: r.Failed}
	c.selectPictures(&job, app)
	return app, job, nil
}

// primeHere does the work here.
func (a *app) primeHere(ctx context.Context, job prime.Job, r *prime.Report) error {
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	append(a.forgetting(), lifecycle.Task{Name: "probe", Run: a.origins.Probe}).Start(background)
	err := a.primer.Run(ctx, job, r.Update)
	return errors.Join(err, a.Derivatives.Shared.Drain(ctx), a.settle(ctx))
}

// remote has a running server do the work, which lists by itself.
func (c *primeCmd) remote(ctx context.Context, r *prime.Report) error {
	r.Where = c.Server.String()
	client := c.Server.Client(c.AdminToken, r.Log)
	body := prime.Body{Ops: c.Ops, AllPresets: c.PresetAll}
	if c.AllFormats {
		body.Formats = "auto"
	}
	if !c.lists() {
		return client.RunKeys(ctx, body, prime.ReadKeys(os.Stdin, r.LeaveOut), r.Update)
	}
	prefix := c.prefix()
	body.Prefix = &prefix
	if c.Since > 0 {
		body.Since = time.Duration(c.Since).String()
	}
	return client.Run(ctx, body, r.Update)
}

// selectPictures takes the keys that are listed, or those on standard input.
func (c *primeCmd) selectPictures(job *prime.Job, app *app) {
	if c.lists() {
		s := prime.Selection{Origins: app.origins.Mounts, Prefix: c.prefix(), Since: time.Duration(c.Since)}
		job.List, job.Counts = s.List, true
		return
	}
	job.List = func(ctx context.Context, skipped func(string)) iter.Seq2[variant.Key, error] {
		return prime.Prefetch(ctx, prime.ReadKeys(os.Stdin, skipped))
	}
}

func (c *primeCmd) prefix() string {
	if c.Prefix == nil {
		return ""
	}
	return string(*c.Prefix)
}
