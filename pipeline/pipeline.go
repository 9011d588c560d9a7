// Package pipeline answers a request for a picture in these steps:
//
//  1. The derivative is looked up in memory and on disk (derivatives). If it exists, and
//     the origin still has the same version of the original (originals), it is the answer.
//  2. With Config.Adaptive, a WebP or JPEG answers for an AVIF or JPEG XL that is not
//     cached, and the better picture is made in the background (adaptivePicture).
//  3. Otherwise one request makes it, and others for the same derivative wait
//     (cache.Flight).
//  4. It is made from a mezzanine, if there is one (mezzanines) that is large enough
//     (resize.MezzanineSuffices).
//  5. Otherwise another server may have made it: it is read from the tier that servers share.
//  6. Otherwise the original is opened, fetched at most once for all that need it, and its
//     header inspected (originals).
//  7. The gate admits the work, and the engine resizes or describes (render).
//  8. The derivative is kept, and a mezzanine made in the background.
//
// Steps 1, 3 and 8 are in picture.go, 2 in provisional.go, 4 to 7 in make.go. Forgetting
// a picture ends its epoch: work that began before is answered and not kept (cache.Epochs). A
// cache that fails costs time, never correctness. The package knows no HTTP, no vendor and no
// file system.
package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/pipeline/background"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/variant"
)

// Config is what a Pipeline is made of. Log and Now are required, as are the required
// fields of each part's Config. New sets what the parts share.
type Config struct {
	Originals   originals.Config
	Derivatives derivatives.Config
	Mezzanines  mezzanines.Config
	Render      render.Config
	// Adaptive answers with a picture that is fast to make where FormatAuto chooses an
	// AVIF that is not cached, and makes that in the background, provided the disk cache
	// accepts writes.
	Adaptive bool
	// ServeBroken answers with what can be made of a broken original instead of
	// header.ErrBroken. The result is not kept.
	ServeBroken bool
	// Record is called when an original has changed or does not exist any more. It has other
	// nodes forget it, and calls forget, which removes what was made from it here. If it is
	// nil, only forget is called.
	Record   func(key variant.Key, forget func() error) error
	Observer Observer
	Log      *slog.Logger
	Now      func() time.Time
}

// Observer is told what happens, for metrics. Its methods are called by many goroutines
// at once.
type Observer interface {
	originals.Observer
	render.Observer
	// Kept: a body was written to a tier of the disk cache, or could not be.
	Kept(tier eviction.Tier, bytes int64, err error)
	// Primed: a derivative was made in the background, or could not be.
	Primed(err error)
}

// Pipeline answers requests for pictures. It is safe for use by several goroutines.
type Pipeline struct {
	Originals   *originals.Store
	Derivatives *derivatives.Store
	Mezzanines  *mezzanines.Store
	Render      *render.Engine

	config   Config
	epochs   *cache.Epochs
	making   cache.Flight[*made]
	upgrades *background.Queue         // of provisional pictures
	failures cache.EpochMap[time.Time] // when an upgrade has failed
}

// New returns a Pipeline.
func New(c Config) *Pipeline {
	if c.Observer == nil {
		c.Observer = NopObserver{}
	}
	if c.Record == nil {
		c.Record = func(_ variant.Key, forget func() error) error { return forget() }
	}
	epochs, reporter := new(cache.Epochs), cache.NewReporter(c.Log, c.Now)
	p := &Pipeline{config: c, epochs: epochs, upgrades: background.NewQueue(upgradeLimit)}
	p.failures = cache.NewEpochMap(failureBytes, func(time.Time) int { return 0 }, epochs)
	watch := func(s cache.Store, t eviction.Tier) cache.Store {
		return reporter.Watch(s, t.String(), func(bytes int64, err error) { c.Observer.Kept(t, bytes, err) })
	}

	c.Render.Observer, c.Render.Now = c.Observer, c.Now
	p.Render = render.New(c.Render)

	d := c.Derivatives
	d.Cache, d.Epochs, d.Reporter, d.Now = watch(d.Cache, eviction.Derivatives), epochs, reporter, c.Now
	p.Derivatives = derivatives.New(d)

	o := c.Originals
	o.Cache, o.Epochs, o.Reporter, o.Now, o.Log, o.Observer = watch(o.Cache, eviction.Originals), epochs, reporter, c.Now, c.Log, c.Observer
	o.Inspect, o.ServeBroken = p.Render.Inspect, c.ServeBroken
	o.Invalidate = func(key variant.Key) error {
		return c.Record(key, func() error { _, err := p.invalidate(key); return err })
	}
	p.Originals = originals.New(o)

	m := c.Mezzanines
	m.Originals, m.Render, m.Epochs, m.Now, m.Log = p.Originals, p.Render, epochs, c.Now, c.Log
	if m.Cache != nil && m.Cache != (cache.Discard{}) {
		m.Cache = watch(m.Cache, eviction.Mezzanines)
	}
	p.Mezzanines = mezzanines.New(m)
	return p
}

// NopObserver is an Observer that does nothing. Embed it to implement only some methods.
type NopObserver struct{}

var _ Observer = NopObserver{}

func (NopObserver) Fetched(time.Duration, int64, error)        {}
func (NopObserver) Revalidated(originals.Freshness)            {}
func (NopObserver) Resized(render.Input, time.Duration, error) {}
func (NopObserver) Kept(eviction.Tier, int64, error)           {}
func (NopObserver) Primed(error)                               {}

// Step returns ctx, and a function that does nothing.
func (NopObserver) Step(ctx context.Context, _ string) (context.Context, func(error)) {
	return ctx, func(error) {}
}
