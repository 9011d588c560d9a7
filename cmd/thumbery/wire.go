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

// parts are what the two servers share.
type parts struct {
	*app
	keys     *variant.Keyring
	sendFile api.SendFile
	fronts   frontCaches
	peers    *peers.Peers
	fallback api.Fallback // nil without a picture
	uploads  *prime.Queue
	switches switches
	hottest  *api.Hottest
	events   []*ui.Events // of each page
	explain  *explain.Engine
	stopping func() bool // is what /readyz says
	log      *slog.Logger
}

// wire puts the service together. Its errors are mistakes in the flags.
func (c *serveCmd) wire(stopping func() bool, log *slog.Logger) (s service, err error) {
	p := &parts{hottest: &api.Hottest{}, stopping: stopping, log: log}
	if p.keys, err = c.Keyring(); err != nil {
		return s, err
	}
	if p.sendFile, err = c.SendFile(c.Cache); err != nil {
		return s, err
	}
	tracer, err := tracing.New(context.Background(), version, log)
	if err != nil {
		return s, exit.Usage(err)
	}
	m := metrics.New()
	if p.fronts, err = openFrontCaches(c.PurgeURL, m, log); err != nil {
		return s, err
	}
	p.app, err = c.app(appConfig{gate.New, c.Queue, m, tracer, log, func(config *pipeline.Config) {
		config.Derivatives.MemoryBytes, config.Adaptive, config.Originals.MaxVersions = c.hotBytes(), c.Adaptive, c.VersionLimit()
	}})
	if err != nil {
		return s, err
	}
	logMissing(p.workers.State(), true, log)
	if s, err = c.service(p); err != nil {
		p.workers.Close()
	}
	return s, err
}

// service makes the two servers of what is wired.
func (c *serveCmd) service(p *parts) (s service, err error) {
	if p.fallback, err = c.fallback(p.workers, p.Render.Settings); err != nil {
		return s, err
	}
	if p.peers, err = c.peers(p.app, p.log); err != nil {
		return s, err
	}
	p.uploads, p.switches = p.primer.NewQueue(p.rules.AllPresets()), c.switches(p.app)
	p.metrics.Watch(version, p.state())
	public := c.publicServer(p)
	p.explain = c.explain(p, public)
	s = service{public: c.withDemo(p, p.tracer.Handler(public)), admin: c.adminServer(p), background: c.background(p), workers: p.workers}
	s.events = p.events // which the pages have added
	return s, nil
}

// state is what the metrics show of a running service.
func (p *parts) state() metrics.State {
	return metrics.State{
		Gate: p.Render.Gate.Load, Background: p.Render.Gate.Background, Fetches: p.Originals.Fetches.Load, Memory: p.Derivatives.MemoryStats, Absent: p.Originals.Absent,
		Repairs: p.origins.Repair.Pending, Primes: p.uploads.Waiting, DiskLow: p.dir.Free.Low,
		Workers: watchWorkers(p.workers.State),
		Ages:    p.ages, Purged: func() time.Time { return p.dir.Inventory.Stock().Counted.Time },
		Stock:   func() [eviction.Tiers]eviction.Count { return p.dir.Inventory.Stock().ByTier() },
		Origins: p.origins.States, Shared: p.sharedState, Switches: p.switches.each, Fronts: p.fronts.backlogs(p.invalidations), Peers: func() metrics.Peers { return metrics.Peers(p.peers.State()) },
	}
}

func (c *serveCmd) publicServer(p *parts) *api.Server {
	return api.New(api.Config{
		Pipeline: p.Pipeline, Rules: p.rules, Keys: p.keys, ClientHints: c.ClientHints,
		MaxAge: c.MaxAge, Changing: c.Revalidate > 0 || c.HookSecret != "", CORS: c.CORS, FallbackRedirect: c.Fallback == fallbackToOrigin, Fallback: p.fallback,
		TagHeaders: c.TagHeader, SendFile: p.sendFile, Hot: api.HotHeaders{After: c.HotAfter, Window: c.HotWindow, Header: c.HotHeader, Warm: p.warm}, Hottest: p.hottest, Observer: p.observer(), Log: p.log,
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
func (c *serveCmd) explain(p *parts, public *api.Server) *explain.Engine {
	return explain.New(explain.Config{
		Pipeline: p.Pipeline, Public: public, Rules: p.rules, Keys: p.keys, MaySign: c.AdminToken != "", Engine: c.engine(nil),
		Backend: p.origins.NameOf, Now: time.Now,
	})
}

func (c *serveCmd) adminServer(p *parts) http.Handler {
	checks := slices.Concat(c.checks(p.app), []admin.Check{checkWorkers(p.workers.State)}, p.sharedChecks())
	page := c.page(p, p.keys)
	return admin.New(admin.Config{
		Checks: checks, Metrics: p.metrics.Handler(), Forget: p.forgetEverywhere, Stock: c.stock(p.app), Invalidations: peers.Handler(p.invalidations),
		Switches: p.switches, Hook: c.hook(p), Token: c.AdminToken, Draining: p.stopping, Hosts: convert[string](c.AdminHost), Log: p.log,
		Explain: page.Explain,
		Priming: &admin.Priming{Run: p.prime, Rules: p.rules}, Page: ui.New(page),
	})
}

// warm copies a derivative that was served from disk into the memory cache.
func (a *app) warm(r *pipeline.Result) { a.Derivatives.Warm(r.Name, r.Blob.Size) }

// background is the work beside the requests.
func (c *serveCmd) background(p *parts) lifecycle.Tasks {
	all := append(p.forgetting(), p.fronts.tasks(p.invalidations)...)
	all = append(
		all,
		lifecycle.Task{Name: "probe", Run: p.origins.Probe}, lifecycle.Task{Name: "peers", Run: p.peers.Run},
		lifecycle.Task{Name: "tracing", Run: p.tracer.Run}, lifecycle.Task{Name: "prime-uploads", Run: p.uploads.Run},
	)
	if p.origins.Repair != nil {
		all = append(all, lifecycle.Task{Name: "repair", Run: p.origins.Repair.Run})
	}
	if p.Derivatives.Shared != nil {
		all = append(all, lifecycle.Task{Name: "shared-writes", Run: p.drainShared})
	}
	if c.PurgeEvery > 0 {
		loop := disk.PurgeLoop{Dir: c.Cache, Every: c.PurgeEvery, Policy: c.Policy(), Log: p.log}
		all = append(all, lifecycle.Task{Name: "purge", Run: loop.Run})
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
