package main

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/invalidation/peers"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize/sandbox"
	"github.com/thumbery/thumbery/variant"
)

// service is the two servers, the background work, and the workers, which are to be
// closed.
type service struct {
	public, admin http.Handler
	background    lifecycle.Tasks
	workers       *sandbox.Pool
}

// wire puts the service together. stopping is what /readyz says. Its errors are mistakes in the flags.
func (c *serveCmd) wire(stopping func() bool, log *slog.Logger) (service, error) {
	keys, err := c.keyring()
	if err != nil {
		return service{}, err
	}
	sendFile, err := c.sendFile(c.Cache)
	if err != nil {
		return service{}, err
	}
	m := metrics.New()
	fronts, err := c.frontCaches(m, log)
	if err != nil {
		return service{}, err
	}
	app, err := c.app(appConfig{gate.New, c.Queue, m, log, func(p *pipeline.Config) {
		p.Derivatives.MemoryBytes, p.Adaptive, p.Originals.MaxVersions = c.hotBytes(), c.Adaptive, c.maxVersions()
	}})
	if err != nil {
		return service{}, err
	}
	logMissing(app.workers.State(), true, slog.LevelInfo, log)
	fallback, err := c.fallback(app.workers, app.Render.Settings)
	if err != nil {
		app.workers.Close()
		return service{}, err
	}
	others, forgetting, err := c.peers(app, log)
	if err != nil {
		app.workers.Close()
		return service{}, err
	}
	s := service{workers: app.workers}
	rules := variant.Rules{Presets: app.presets, Limits: c.limitFlags.limits(), Format: c.format()}
	switches, primer := c.switches(app), app.primer.NewQueue(rules.AllPresets())
	m.Watch(version, metrics.State{
		Gate: app.making(fallback), Background: app.gates.pictures.Background, Fetches: app.gates.fetches.Load, Memory: app.Derivatives.MemoryStats, Absent: app.Originals.Absent,
		Repairs: app.origins.Repairs, Primes: primer.Waiting, DiskLow: app.dir.reserve.Low,
		Workers: watchWorkers(app.workers.State),
		Stock:   func() [eviction.Tiers]eviction.Count { return app.dir.inventory.Stock().ByTier() },
		Origins: app.origins.States, Shared: app.sharedState, Switches: switches.each, Fronts: fronts.backlogs(app.invalidations), Peers: func() metrics.Peers { return metrics.Peers(others.State()) },
	})
	s.background = append(slices.Concat(app.background(), forgetting, fronts.tasks(app.invalidations)), lifecycle.Task{Name: "prime-uploads", Run: primer.Run})
	s.public = api.New(api.Config{
		Pipeline: app.Pipeline, Rules: rules, Keys: keys, ClientHints: c.ClientHints,
		MaxAge: c.MaxAge, Changing: c.Revalidate > 0 || c.HookSecret != "", CORS: c.CORS, FallbackRedirect: c.Fallback == fallbackToOrigin, Fallback: asFallback(fallback),
		TagHeaders: c.TagHeader, SendFile: sendFile, Hot: api.HotHeaders{After: c.HotAfter, Window: c.HotWindow, Header: c.HotHeader.HotHeader, Warm: app.warm}, Observer: m, Log: log,
	})
	s.admin = admin.New(admin.Config{
		Checks: append(append(c.checks(app, log), checkWorkers(app.workers.State)), app.sharedChecks()...), Metrics: m.Handler(), Forget: app.forgetEverywhere, Stock: c.stock(app), Invalidations: peers.Handler(app.invalidations),
		Switches: switches, Hook: c.hook(app, primer, m, log), Token: c.AdminToken, Draining: stopping, Hosts: convert[string](c.AdminHost), Log: log,
		Priming: &admin.Priming{Run: app.prime, Rules: rules},
	})
	return s, nil
}

// warm copies a derivative that was served from disk into the memory cache.
func (a *app) warm(r *pipeline.Result) { a.Derivatives.Warm(r.Name, r.Blob.Size) }

// background is the work beside the requests.
func (a *app) background() lifecycle.Tasks {
	all := lifecycle.Tasks{{Name: "probe", Run: a.origins.Probe}}
	if a.dir.purgeLoop != nil {
		all = append(all, lifecycle.Task{Name: "purge", Run: a.dir.purgeLoop.Run})
	}
	if a.origins.Repair != nil {
		all = append(all, lifecycle.Task{Name: "repair", Run: a.origins.Repair.Run})
	}
	return append(all, a.sharedTasks()...)
}

// hotBytes is the size of the memory cache. With a server in front that reads the disk,
// the kernel caches what is hot.
func (c *serveCmd) hotBytes() int64 {
	if c.usesSendfile() {
		return 0
	}
	return int64(c.Hot)
}
