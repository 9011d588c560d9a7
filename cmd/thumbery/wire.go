package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/variant"
)

// service is what serve serves, and what it does besides.
type service struct {
	public, admin http.Handler
	background    tasks
}

// wire puts the service together. Its errors are mistakes in the flags.
func (c *serveCmd) wire(log *slog.Logger) (service, error) {
	keys, err := c.keyring()
	if err != nil {
		return service{}, err
	}
	sendFile, err := c.sendFile(c.Cache)
	if err != nil {
		return service{}, err
	}
	m := metrics.New()
	core, err := c.core(gate.New, c.Queue, m, log, func(p *pipeline.Config) {
		p.Derivatives.MemoryBytes, p.Adaptive, p.Originals.MaxVersions = c.hotBytes(), c.Adaptive, c.maxVersions()
	})
	if err != nil {
		return service{}, err
	}
	fallback, err := c.fallback(core.engine, core.Render.Settings)
	if err != nil {
		return service{}, err
	}
	s := service{}
	switches, primer, primes := c.switches(core), c.primer(core), newPrimeServer(core)
	m.Watch(version, metrics.State{
		Gate: core.making(fallback), Background: core.gates.pictures.Background, Fetches: core.gates.fetches.Load, Memory: core.Derivatives.MemoryStats, Absent: core.Originals.Absent,
		Repairs: core.origins.repairs, Primes: primer.Waiting, DiskLow: core.dir.reserve.Low,
		Stock:   func() [eviction.Tiers]eviction.Count { return core.dir.inventory.Stock().ByTier() },
		Origins: core.origins.states, Switches: switches.each,
	})
	s.background = append(core.background(), task{"prime", primer.Run}, task{"priming", primes.run})
	s.public = api.New(api.Config{
		Pipeline: core.Pipeline, Presets: core.presets, Keys: keys, Limits: c.limitFlags.limits(), Format: c.format(), ClientHints: c.ClientHints,
		MaxAge: c.MaxAge, Changing: c.Revalidate > 0 || c.HookSecret != "", CORS: c.CORS, FallbackRedirect: c.Fallback == fallbackToOrigin, Fallback: asFallback(fallback),
		SendFile: sendFile, Hot: api.HotHeaders{After: c.HotAfter, Window: c.HotWindow, Header: c.HotHeader.HotHeader, Warm: core.warm}, Observer: m, Log: log,
	})
	s.admin = admin.New(admin.Config{
		Checks: c.checks(core, log), Metrics: m.Handler(), Forget: core.Forget, Stock: c.stock(core),
		Switches: switches, Hook: c.hook(core, primer, m, log), Hosts: convert[string](c.AdminHost), Log: log,
		Priming: &admin.Priming{Run: primes.prime, Rules: variant.Rules{Presets: core.presets, Limits: c.limitFlags.limits(), Format: c.format()}},
	})
	return s, nil
}

// warm brings a derivative that was served from disk into memory.
func (c *core) warm(r *pipeline.Result) { c.Derivatives.Warm(r.Name, r.Blob.Size) }

// background is what goes on as long as there is a server.
func (c *core) background() tasks {
	all := tasks{{"heal", c.origins.heal}, {"quarantine", c.remember}}
	if c.dir.purgeLoop != nil {
		all = append(all, task{"purge", c.dir.purgeLoop.Run})
	}
	if c.origins.repair != nil {
		all = append(all, task{"repair", c.origins.repair.Run})
	}
	return all
}

// remember closes the quarantine when ctx is done. A process that is killed because it
// takes too long to stop has not died of a picture.
func (c *core) remember(ctx context.Context) {
	<-ctx.Done()
	c.dir.quarantine.Close()
}

// hotBytes is what the memory tier gets. With a server in front that reads the
// disk, the kernel keeps there what is hot.
func (c *serveCmd) hotBytes() int64 {
	if c.usesSendfile() {
		return 0
	}
	return int64(c.Hot)
}

// checks are what the service needs, and what it is better with.
func (c *serveCmd) checks(core *core, log *slog.Logger) []admin.Check {
	checks := []admin.Check{
		{Name: "cache " + c.Cache, Do: func(context.Context) error { return c.readable() }},
		{Name: "writing to cache " + c.Cache, Do: func(context.Context) error { return core.dir.writable(c.Cache, log) }, Degrades: true},
	}
	for name, g := range core.origins.named {
		checks = append(checks, admin.Check{
			Name: "origin " + name, Do: g.Check, Degrades: true, State: func() string { return g.State().String() },
		})
	}
	return checks
}
