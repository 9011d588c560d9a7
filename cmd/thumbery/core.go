package main

import (
	"log/slog"
	"time"

	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/variant"
)

// appFlags decide what is in the cache, and under which names. serve and prime share
// them, so that one finds what the other makes.
type appFlags struct {
	originFlags `group:"origins"`
	cacheFlags  `group:"cache"`
	imageFlags  `group:"pictures"`
	limitFlags  `group:"limits"`
}

func (f *appFlags) validate() error {
	for _, validate := range []func() error{f.originFlags.validate, f.cacheFlags.validate, f.imageFlags.validate, f.limitFlags.validate} {
		if err := validate(); err != nil {
			return err
		}
	}
	return nil
}

// core is a pipeline with all that it stands on.
type core struct {
	*pipeline.Pipeline
	primer  *prime.Engine
	presets variant.Presets
	origins *origins
	dir     *cacheDir
	engine  *vips.Engine
	gates   gates
}

// gates are where work waits for its turn.
type gates struct{ pictures, fetches *gate.Gate }

// newGate is gate.New, or gate.NewDedicated for a process without requests.
type newGate = func(workers int, maxWeight int64, queue int) *gate.Gate

// core puts the packages together. At most queue wait at each gate, and more has the
// last word on the pipeline. Its errors are mistakes in the flags.
func (f *appFlags) core(newGate newGate, queue int, m *metrics.Metrics, log *slog.Logger, more func(*pipeline.Config)) (*core, error) {
	presets, err := f.presets()
	if err != nil {
		return nil, err
	}
	engine, marks, err := f.engine()
	if err != nil {
		return nil, err
	}
	settings := f.settings(engine, marks)
	if err := checkPresets(presets, settings); err != nil {
		return nil, err
	}
	origins, err := f.originFlags.open(m, log)
	if err != nil {
		return nil, err
	}
	dir, err := f.cacheFlags.open(log)
	if err != nil {
		return nil, err
	}
	g := gates{newGate(f.workers(), int64(f.MaxPixels), queue), newGate(f.Fetches, 0, queue)}
	config := pipeline.Config{
		Originals: originals.Config{
			Origin: origins, Down: origins.Down, Cache: dir.originals, Journal: dir.journal, Quarantine: dir.quarantine, Fetches: g.fetches,
			MaxBytes: int64(f.MaxBytes), FetchTimeout: f.FetchTimeout, NegativeTTL: f.NegativeTTL,
			Revalidate: f.Revalidate, RevalidateSync: f.RevalidateSync, RedirectRaw: int64(f.RedirectRaw),
		},
		Derivatives: derivatives.Config{Cache: dir.derivatives},
		Mezzanines:  mezzanines.Config{Cache: dir.mezzanines},
		Render:      render.Config{Resizer: engine, Gate: g.pictures, Settings: settings, Timeout: f.ResizeTimeout},
		ServeBroken: f.servesBroken(), Observer: observer{m}, Log: log, Now: time.Now,
	}
	more(&config)
	p := pipeline.New(config)
	p.Originals.SetReadOnly(f.ReadOnly)
	origins.readOnly = p.Originals.ReadOnly
	return &core{p, prime.New(p, config.Observer, log), presets, origins, dir, engine, g}, nil
}
