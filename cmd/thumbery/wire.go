package main

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize"
)

// service is what serve serves, and what it does besides.
type service struct {
	public, admin http.Handler
	background    []func(context.Context) // each runs until its context is done
}

// wire puts the packages together. Its errors are mistakes in the flags.
func (c *serveCmd) wire(log *slog.Logger) (service, error) {
	keys, err := c.keyring()
	if err != nil {
		return service{}, err
	}
	presets, err := c.presets()
	if err != nil {
		return service{}, err
	}
	handOver, err := c.handOver()
	if err != nil {
		return service{}, err
	}
	engine, marks, err := c.engine()
	if err != nil {
		return service{}, err
	}
	settings := c.settings(engine, marks)
	if err := checkPresets(presets, settings); err != nil {
		return service{}, err
	}
	fallback, err := c.fallback(engine, settings)
	if err != nil {
		return service{}, err
	}
	m := metrics.New()
	origins, err := c.originFlags.open(m, log)
	if err != nil {
		return service{}, err
	}
	dir, err := c.cacheFlags.open(log)
	if err != nil {
		return service{}, err
	}
	gate, fetches := resize.NewGate(c.workers(), int64(c.MaxPixels), c.Queue), resize.NewGate(c.Fetches, 0, c.Queue)
	p := pipeline.New(pipeline.Config{
		Origin: origins, Down: origins.Down,
		Journal: dir.journal, Originals: dir.originals, Derivatives: dir.derivatives, HotBytes: c.hotBytes(),
		Resizer: engine, Gate: gate, Fetches: fetches, Settings: settings, ServeBroken: c.servesBroken(), MaxBytes: int64(c.MaxBytes),
		FetchTimeout: c.FetchTimeout, ResizeTimeout: c.ResizeTimeout, RememberAbsent: c.NegativeTTL,
		Revalidate: c.Revalidate, RevalidateSync: c.RevalidateSync, RedirectRaw: int64(c.RedirectRaw),
		Observer: observer{m, dir.inventory}, Log: log, Now: time.Now,
	})
	origins.readOnly = p.ReadOnly
	switches, primer := c.switches(engine, origins, p, fallback), c.primer(p, presets)
	m.Watch(version, metrics.State{
		Gate: gate.Load, Fetches: fetches.Load, Memory: p.Memory, Absent: p.Absent, Repairs: origins.repairs, Primes: primer.Waiting,
		DiskLow: dir.reserve.Low, Stock: func() [cache.Tiers]cache.Count { return dir.inventory.Stock().ByTier() },
		Origins: origins.states, Switches: switches.each,
	})
	s := service{background: []func(context.Context){primer.Run, origins.heal}}
	if dir.keeper != nil {
		s.background = append(s.background, dir.keeper.run)
	}
	if origins.repair != nil {
		s.background = append(s.background, origins.repair.Run)
	}
	s.public = api.New(api.Config{
		Pipeline: p, Presets: presets, Keys: keys, Limits: c.limits(), Format: c.format(), ClientHints: c.ClientHints,
		MaxAge: c.MaxAge, Changing: c.Revalidate > 0 || c.HookSecret != "", CORS: c.CORS, FallbackRedirect: c.Fallback == fallbackToOrigin, Fallback: asFallback(fallback),
		HandOver: handOver, Observer: m, Log: log,
	})
	s.admin = api.NewAdmin(api.AdminConfig{
		Checks: c.checks(origins, dir), Metrics: m.Handler(), Forget: dir.forget(p.Forget), Stock: c.stock(dir, p),
		Switches: switches, Hook: c.hook(origins, dir, p, primer, m, log), Log: log,
	})
	return s, nil
}

// hotBytes is what the memory tier gets. With a server in front that reads the
// disk, the kernel keeps there what is hot.
func (c *serveCmd) hotBytes() int64 {
	if c.Accel != "" || c.SendfileHeader != "" {
		return 0
	}
	return int64(c.Hot)
}

func (c *serveCmd) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// checks are what the service needs, and what it is better with.
func (c *serveCmd) checks(o *origins, d *cacheDir) []api.Check {
	checks := []api.Check{
		{Name: "cache " + c.Cache, Do: func(context.Context) error { return c.readable() }},
		{Name: "writing to cache " + c.Cache, Do: func(context.Context) error { return d.originals.Check() }, Degrades: true},
	}
	for name, g := range o.named {
		checks = append(checks, api.Check{
			Name: "origin " + name, Do: g.Check, Degrades: true, State: func() string { return g.State().String() },
		})
	}
	return checks
}
