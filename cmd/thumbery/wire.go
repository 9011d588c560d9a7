package main

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/api/ui"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/explain"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/invalidation/peers"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize/sandbox"
	"github.com/thumbery/thumbery/tracing"
	"github.com/thumbery/thumbery/variant"
)

// service is the two servers, the background work, and the workers, which are to be
// closed.
type service struct {
	public, admin http.Handler
	background    lifecycle.Tasks
	workers       *sandbox.Pool
	events        []*ui.Events // to be closed before the servers wait for their last request
}

// wire puts the service together. stopping is what /readyz says. Its errors are mistakes in the flags.
func (c *serveCmd) wire(stopping func() bool, log *slog.Logger) (service, error) {
	keys, err := c.Keyring()
	if err != nil {
		return service{}, err
	}
	sendFile, err := c.SendFile(c.Cache)
	if err != nil {
		return service{}, err
	}
	tracer, err := tracing.New(context.Background(), version, log)
	if err != nil {
		return service{}, exit.Usage(err)
	}
	m := metrics.New()
	fronts, err := openFrontCaches(c.PurgeURL, m, log)
	if err != nil {
		return service{}, err
	}
	app, err := c.app(appConfig{gate.New, c.Queue, m, tracer, log, func(p *pipeline.Config) {
		p.Derivatives.MemoryBytes, p.Adaptive, p.Originals.MaxVersions = c.hotBytes(), c.Adaptive, c.VersionLimit()
	}})
	if err != nil {
		return service{}, err
	}
	logMissing(app.workers.State(), true, slog.LevelInfo, log)
	s, err := c.service(app, keys, sendFile, fronts, stopping, log)
	if err != nil {
		app.workers.Close()
	}
	return s, err
}

// service makes the two servers of what is wired.
func (c *serveCmd) service(app *app, keys *variant.Keyring, sendFile api.SendFile, fronts frontCaches, stopping func() bool, log *slog.Logger) (service, error) {
	fallback, err := c.fallback(app.workers, app.Render.Settings)
	if err != nil {
		return service{}, err
	}
	others, err := c.peers(app, log)
	if err != nil {
		return service{}, err
	}
	p := &parts{
		app: app, fallback: fallback, primer: app.primer.NewQueue(app.rules(c).AllPresets()), switches: c.switches(app),
		hottest: &api.Hottest{}, log: log,
	}
	app.metrics.Watch(version, p.state(fronts, others))
	tasks := slices.Concat(app.background(), c.purging(log), app.forgetting(), fronts.tasks(app.invalidations), lifecycle.Tasks{{Name: "peers", Run: others.Run}, {Name: "tracing", Run: app.tracer.Run}, {Name: "prime-uploads", Run: p.primer.Run}})
	public := c.publicServer(p, keys, sendFile)
	p.explain = c.explain(p, public, keys)
	s := service{public: c.withDemo(p, p.tracer.Handler(public)), admin: c.adminServer(p, keys, stopping), background: tasks, workers: app.workers}
	s.events = p.events
	return s, nil
}

// parts are what the two servers share.
type parts struct {
	*app
	fallback api.Fallback // nil without a picture
	primer   *prime.Queue
	switches switches
	hottest  *api.Hottest
	events   []*ui.Events // of each page
	explain  *explain.Engine
	log      *slog.Logger
}

// state is what the metrics show of a running service.
func (p *parts) state(fronts frontCaches, others *peers.Peers) metrics.State {
	return metrics.State{
		Gate: p.gates.pictures.Load, Background: p.gates.pictures.Background, Fetches: p.gates.fetches.Load, Memory: p.Derivatives.MemoryStats, Absent: p.Originals.Absent,
		Repairs: p.origins.Repairs, Primes: p.primer.Waiting, DiskLow: p.dir.Free.Low,
		Workers: watchWorkers(p.workers.State),
		Ages:    p.ages, Purged: func() time.Time { return p.dir.Inventory.Stock().Counted.Time },
		Stock:   func() [eviction.Tiers]eviction.Count { return p.dir.Inventory.Stock().ByTier() },
		Origins: p.origins.States, Shared: p.sharedState, Switches: p.switches.each, Fronts: fronts.backlogs(p.invalidations), Peers: func() metrics.Peers { return metrics.Peers(others.State()) },
	}
}

func (a *app) rules(c *serveCmd) variant.Rules {
	return variant.Rules{Presets: a.presets, Limits: c.LimitFlags.Limits(), Format: c.OutputFormat()}
}

func (c *serveCmd) publicServer(p *parts, keys *variant.Keyring, sendFile api.SendFile) *api.Server {
	return api.New(api.Config{
		Pipeline: p.Pipeline, Rules: p.rules(c), Keys: keys, ClientHints: c.ClientHints,
		MaxAge: c.MaxAge, Changing: c.Revalidate > 0 || c.HookSecret != "", CORS: c.CORS, FallbackRedirect: c.Fallback == fallbackToOrigin, Fallback: p.fallback,
		TagHeaders: c.TagHeader, SendFile: sendFile, Hot: api.HotHeaders{After: c.HotAfter, Window: c.HotWindow, Header: c.HotHeader, Warm: p.warm}, Hottest: p.hottest, Observer: p.observer(), Log: p.log,
	})
}

// withDemo adds the page to the public listener of a server that only shows what it can do.
func (c *serveCmd) withDemo(p *parts, public http.Handler) http.Handler {
	if c.isDemo() {
		return ui.Demo(public, ui.New(c.demoPage(p)))
	}
	return public
}

// explain answers why pictures look as they do. It signs URLs only where a token keeps other
// users of the machine out.
func (c *serveCmd) explain(p *parts, public *api.Server, keys *variant.Keyring) *explain.Engine {
	return explain.New(explain.Config{
		Pipeline: p.Pipeline, Public: public, Rules: p.rules(c), Keys: keys, MaySign: c.AdminToken != "", Engine: c.engine(nil),
		Backend: p.origins.NameOf, Now: time.Now,
	})
}

func (c *serveCmd) adminServer(p *parts, keys *variant.Keyring, stopping func() bool) http.Handler {
	checks := append(append(c.checks(p.app), checkWorkers(p.workers.State)), p.sharedChecks()...)
	page := c.page(p, keys)
	return admin.New(admin.Config{
		Checks: checks, Metrics: p.metrics.Handler(), Forget: p.forgetEverywhere, Stock: c.stock(p.app), Invalidations: peers.Handler(p.invalidations),
		Switches: p.switches, Hook: c.hook(p.app, p.primer, p.metrics, p.log), Token: c.AdminToken, Draining: stopping, Hosts: convert[string](c.AdminHost), Log: p.log,
		Explain: page.Explain,
		Priming: &admin.Priming{Run: p.prime, Rules: p.rules(c)}, Page: ui.New(page),
	})
}

// warm copies a derivative that was served from disk into the memory cache.
func (a *app) warm(r *pipeline.Result) { a.Derivatives.Warm(r.Name, r.Blob.Size) }

// background is the work beside the requests.
func (a *app) background() lifecycle.Tasks {
	all := lifecycle.Tasks{{Name: "probe", Run: a.origins.Probe}}
	if a.origins.Repair != nil {
		all = append(all, lifecycle.Task{Name: "repair", Run: a.origins.Repair.Run})
	}
	if a.Derivatives.Shared != nil {
		all = append(all, lifecycle.Task{Name: "shared-writes", Run: a.drainShared})
	}
	return all
}

// hotBytes is the size of the memory cache. With a server in front that reads the disk,
// the kernel caches what is hot.
func (c *serveCmd) hotBytes() int64 {
	if c.UsesSendfile() {
		return 0
	}
	return int64(c.Hot)
}

// purging is the purge loop, if there is --purge-every.
func (c *serveCmd) purging(log *slog.Logger) lifecycle.Tasks {
	if c.PurgeEvery == 0 {
		return nil
	}
	loop := disk.PurgeLoop{Dir: c.Cache, Every: c.PurgeEvery, Policy: c.Policy(), Log: log}
	return lifecycle.Tasks{{Name: "purge", Run: loop.Run}}
}
