package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/origins"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/sandbox"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/tracing"
	"github.com/thumbery/thumbery/variant"
)

// AppFlags decide what is in the cache, and under which names. serve and prime share
// them, so that one finds what the other makes. They are exported for kong, which validates
// what is embedded.
type AppFlags struct {
	settings.OriginFlags `group:"origins"`
	settings.CacheFlags  `group:"cache"`
	settings.SharedFlags `group:"cache"`
	settings.ImageFlags  `group:"pictures"`
	settings.LimitFlags  `group:"limits"`
}

// app is the pipeline, with what it is made of.
type app struct {
	*pipeline.Pipeline
	primer        *prime.Engine
	rules         variant.Rules
	origins       *origins.Origins
	dir           *disk.Directory
	metrics       *metrics.Metrics
	tracer        *tracing.Tracer   // nil without tracing
	invalidations *invalidation.Log // of what is to be forgotten everywhere

	workers *sandbox.Pool // to be closed
}

// readOnly must not be called before the pipeline is complete.
func (a *app) readOnly() bool { return a.Originals.ReadOnly() }

// newGate is gate.New, or gate.NewDedicated for a process without requests.
type newGate = func(workers int, maxWeight int64, queue int) *gate.Gate

// appConfig is what serve and prime wire differently.
type appConfig struct {
	newGate newGate
	queue   int // how many may wait at each gate
	metrics *metrics.Metrics
	tracer  *tracing.Tracer // nil without tracing
	log     *slog.Logger
	serve   func(*pipeline.Config) // sets what only serve has; nil for prime
}

// app wires the packages. Its errors are mistakes in the flags, or those of starting
// workers. They start while everything else is opened.
func (f *AppFlags) app(c appConfig) (*app, error) {
	presets, err := f.Presets()
	if err != nil {
		return nil, err
	}
	marks, err := f.watermarks()
	if err != nil {
		return nil, exit.Usage(fmt.Errorf("--watermark: %w", err))
	}
	a := &app{rules: variant.Rules{Presets: presets, Limits: f.Limits(), Format: f.OutputFormat()}, metrics: c.metrics, tracer: c.tracer}
	if a.workers, err = startWorkers(&f.WorkerFlags, f.engine(marks), c.log); err != nil {
		return nil, err
	}
	if err := f.open(a, marks, c); err != nil {
		a.workers.Close()
		return nil, err
	}
	return a, nil
}

// open opens the origins and the cache, waits for the workers, and puts the pipeline
// together.
func (f *AppFlags) open(a *app, marks []watermark.Watermark, c appConfig) (err error) {
	if a.origins, err = origins.Open(origins.Config{OriginFlags: &f.OriginFlags, Paused: a.readOnly, Wrap: c.tracer.Transport, Metrics: c.metrics, Log: c.log}); err != nil {
		return err
	}
	if a.invalidations, err = f.openInvalidations(c.metrics, c.log); err != nil {
		return err
	}
	if a.dir, err = disk.OpenDirectory(f.Cache, disk.DirectoryOptions{NoSync: f.NoSync, MinFree: float64(f.MinFree), Log: c.log}); err != nil {
		return exit.Usage(fmt.Errorf("--cache: %w", err))
	}
	able, err := a.workers.Capabilities(context.Background())
	if err != nil {
		return err
	}
	logMissing(a.workers.State(), false, c.log)
	settings := f.settings(able, marks)
	if err := checkPresets(a.rules.Presets, settings); err != nil {
		return err
	}
	config := f.pipeline(a)
	config.Render.Gate = c.newGate(f.WorkerCount(), int64(f.MaxPixels), c.queue)
	config.Originals.Fetches = c.newGate(f.Fetches, 0, c.queue)
	config.Render.Settings, config.Observer, config.Log = settings, a.observer(), c.log
	if config.Derivatives.SharedTier, err = f.sharedTier(a, c); err != nil {
		return err
	}
	if c.serve != nil {
		c.serve(&config)
	}
	a.Pipeline = pipeline.New(config)
	a.Originals.SetReadOnly(f.ReadOnly)
	a.primer = prime.New(a.Pipeline, config.Observer, c.log)
	return nil
}

func (f *AppFlags) pipeline(a *app) pipeline.Config {
	return pipeline.Config{
		Originals: originals.Config{
			Origin: a.origins, Down: a.origins.Down, Cache: a.dir.Originals, Journal: a.dir.Journal,
			MaxBytes: int64(f.MaxBytes), FetchTimeout: f.FetchTimeout, NegativeTTL: f.NegativeTTL,
			Revalidate: f.Revalidate, RevalidateSync: f.RevalidateSync, RedirectRaw: int64(f.RedirectRaw),
		},
		Derivatives: derivatives.Config{Cache: a.dir.Derivatives},
		Mezzanines:  mezzanines.Config{Cache: a.dir.Mezzanines},
		Render:      render.Config{Resizer: a.workers, Timeout: f.ResizeTimeout},
		ServeBroken: f.OnBroken == "serve", Record: a.record, Now: time.Now,
	}
}

// engine is what the workers are told.
func (f *AppFlags) engine(marks []watermark.Watermark) engine.Config {
	return engine.Config{
		Choice: engine.Choice(f.Engine), AVIFSpeed: f.AVIFSpeed, Formats: f.FormatSet(), Lenient: f.OnBroken == "serve",
		AllScans: f.Scans == "all", Watermarks: marks,
	}
}

// watermarks are those of --watermark, with their images.
func (f *AppFlags) watermarks() (marks []watermark.Watermark, err error) {
	for _, m := range f.Watermark {
		if slices.ContainsFunc(marks, func(w watermark.Watermark) bool { return w.Name == m.Name }) {
			return nil, fmt.Errorf("there are two with the name %s", m.Name)
		}
		if err := m.Load(f.FormatSet()); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		marks = append(marks, m)
	}
	return marks, nil
}

func (f *AppFlags) settings(able engine.Capabilities, marks []watermark.Watermark) resize.Settings {
	s := resize.Settings{
		MaxPixels: int64(f.MaxPixels), MaxFrames: f.MaxFrames, Quality: map[variant.Format]int{},
		Auto: f.Auto.Formats, AVIFMaxPixels: int64(f.AVIFMaxPixels), JXLMaxPixels: int64(f.JXLMaxPixels),
		Restore: f.Sharpens(), Linear: f.Linear(),
		Watermarks: map[string]string{}, CanWrite: able.Writes.Has,
		MezzanineSide: f.Mezzanine, MezzanineOver: int64(f.MezzanineOver),
	}
	for _, q := range f.Quality {
		s.Quality[q.Format] = q.Quality
	}
	for _, m := range marks {
		s.Watermarks[m.Name] = m.Fingerprint()
	}
	return s
}

// checkPresets refuses presets that no derivative could be made by.
func checkPresets(presets variant.Presets, s resize.Settings) error {
	for name, v := range presets {
		if _, known := s.Watermarks[v.Watermark]; v.Watermark != "" && !known {
			return exit.Usage(fmt.Errorf("--preset %s: there is no watermark %q: give --watermark %s=FILE, too", name, v.Watermark, v.Watermark))
		}
		if v.Format > variant.FormatAuto && !s.CanWrite(v.Format) {
			return exit.Usage(fmt.Errorf("--preset %s: this libvips does not write %v", name, v.Format))
		}
	}
	return nil
}
