package main

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

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
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/resize/watermark"
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

// app is a pipeline, wired.
type app struct {
	*pipeline.Pipeline
	primer  *prime.Engine
	presets variant.Presets
	origins *origins
	dir     *cacheDir
	engine  *vips.Engine
	gates   gates
}

// gates admit work.
type gates struct{ pictures, fetches *gate.Gate }

// newGate is gate.New, or gate.NewDedicated for a process without requests.
type newGate = func(workers int, maxWeight int64, queue int) *gate.Gate

// app wires the packages. At most queue wait at each gate, and adjust may change the
// configuration of the pipeline. Its errors are mistakes in the flags.
func (f *appFlags) app(newGate newGate, queue int, m *metrics.Metrics, log *slog.Logger, adjust func(*pipeline.Config)) (*app, error) {
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
	adjust(&config)
	p := pipeline.New(config)
	p.Originals.SetReadOnly(f.ReadOnly)
	origins.readOnly = p.Originals.ReadOnly
	return &app{p, prime.New(p, config.Observer, log), presets, origins, dir, engine, g}, nil
}

// observer adapts the metrics to the pipeline.
type observer struct{ *metrics.Metrics }

// Revalidated implements pipeline.Observer.
func (o observer) Revalidated(v originals.Freshness) { o.Metrics.Revalidated(v.String()) }

// Resized implements pipeline.Observer.
func (o observer) Resized(of render.Input, took time.Duration, err error) {
	o.Metrics.Resized(of.String(), took, err)
}

// engine prepares libvips, and reads the watermarks.
func (f *appFlags) engine() (*vips.Engine, []watermark.Watermark, error) {
	marks, err := f.watermarks()
	if err != nil {
		return nil, nil, usage(fmt.Errorf("--watermark: %w", err))
	}
	libvips, err := vips.New(engine.Config{
		Choice: engine.Choice(f.Engine), AVIFSpeed: f.AVIFSpeed, Formats: f.set(), Lenient: f.servesBroken(), Watermarks: marks,
	})
	return libvips, marks, err
}

// watermarks are those of --watermark, with their images.
func (f *appFlags) watermarks() (marks []watermark.Watermark, err error) {
	for _, m := range f.Watermark {
		if slices.ContainsFunc(marks, func(w watermark.Watermark) bool { return w.Name == m.Name }) {
			return nil, fmt.Errorf("there are two with the name %s", m.Name)
		}
		if err := m.Load(f.set()); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		marks = append(marks, m)
	}
	return marks, nil
}

func (f *appFlags) settings(engine *vips.Engine, marks []watermark.Watermark) resize.Settings {
	s := resize.Settings{
		MaxPixels: int64(f.MaxPixels), MaxFrames: f.MaxFrames, Quality: map[variant.Format]int{},
		Auto: f.Auto.formats, AVIFMaxPixels: int64(f.AVIFMaxPixels), Restore: f.Sharpen,
		Watermarks: map[string]string{}, CanWrite: engine.CanWrite,
		MezzanineSide: f.Mezzanine, MezzanineOver: int64(f.MezzanineOver),
	}
	for _, q := range f.Quality {
		s.Quality[q.format] = q.quality
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
			return usage(fmt.Errorf("--preset %s: there is no watermark %q: give --watermark %s=FILE, too", name, v.Watermark, v.Watermark))
		}
		if v.Format > variant.FormatAuto && !s.CanWrite(v.Format) {
			return usage(fmt.Errorf("--preset %s: this libvips does not write %v", name, v.Format))
		}
	}
	return nil
}
