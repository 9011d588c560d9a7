package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/origins"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/variant"
)

// switches are the settings that can be changed while the server runs, in case something
// new misbehaves. Their first values are those of the flags.
type switches []admin.Switch

func (c *serveCmd) switches(app *app) switches {
	o, p := app.origins, app.Pipeline
	p.Derivatives.SetMemory(!c.NoHot)
	return switches{
		{Name: "hot", Help: "serve from the memory cache", Get: p.Derivatives.UsesMemory, Set: p.Derivatives.SetMemory},
		hedgeSwitch(o, c.Hedge),
		{Name: "read_only", Help: "fetch nothing, and serve only what is cached or can be made of that", Get: p.Originals.ReadOnly, Set: p.Originals.SetReadOnly},
	}
}

// hedgeSwitch cannot be on without --hedge, which says after how long to hedge.
func hedgeSwitch(o *origins.Origins, after time.Duration) admin.Switch {
	return admin.Switch{
		Name: "hedge", Help: "send a second request to the next mirror when one is slow, as --hedge says", Get: o.Hedges, Set: o.SetHedge,
		Refuse: func(on bool) error {
			if on && after <= 0 {
				return errors.New("the server was started without --hedge, which says after how long to hedge")
			}
			return nil
		},
	}
}

// each yields the values for the metrics.
func (s switches) each(yield func(name, value string)) {
	for _, one := range s {
		yield(one.Name, strconv.FormatBool(one.Get()))
	}
}

// hook handles bucket notifications: everything made of the old object is forgotten, and
// the presets of the new one are made.
func (c *serveCmd) hook(p *parts) *admin.Hook {
	if c.HookSecret == "" {
		return nil
	}
	forget := func(key variant.Key) error {
		if p.readOnly() { // what was forgotten could not be fetched again
			return originals.ErrReadOnly
		}
		_, err := p.forgetEverywhere(key)
		return err
	}
	return &admin.Hook{
		Secret: c.HookSecret, Keys: p.origins.Keys, Observe: p.metrics.Hooked,
		Created: func(key variant.Key) error {
			err := forget(key)
			if err == nil && len(c.Preset) > 0 && !p.uploads.Add(key) {
				p.log.Warn("the queue of uploads is full: this picture is made when it is requested", "key", key)
			}
			return err
		},
		// Another backend of a chain may still have it, which the next request finds out.
		Removed: forget,
	}
}

// primeParallel is how many pictures of a job are processed at once.
const primeParallel = 4

// prime is admin.Priming.Run.
func (a *app) prime(ctx context.Context, r admin.PrimeRequest, report func(prime.Progress)) error {
	if a.readOnly() {
		return originals.ErrReadOnly
	}
	if err := a.Render.Settings.CheckWritable(r.Variants); err != nil {
		return err
	}
	job := prime.Job{Variants: r.Variants, AllFormats: r.AllFormats, Keys: r.Keys, Parallel: primeParallel}
	if r.List {
		s := prime.Selection{Origins: a.origins.Mounts, Prefix: r.Prefix, Since: r.Since}
		job.List, job.Counts = s.List, true
	}
	return a.primer.Run(ctx, job, report)
}

// checks are those of /readyz, but for that of the workers.
func (c *serveCmd) checks(app *app) []admin.Check {
	checks := []admin.Check{
		{Name: "cache " + c.Cache, Do: func(context.Context) error { return disk.Readable(c.Cache) }},
		{Name: "writing to cache " + c.Cache, Do: func(context.Context) error { return app.dir.CheckWritable() }, Degrades: true},
	}
	for name, g := range app.origins.Named {
		checks = append(checks, admin.Check{
			Name: "origin " + name, Do: g.Check, Degrades: true, State: func() string { return g.State().String() },
		})
	}
	return checks
}

// stock is the answer to GET /cache.
type stock struct {
	disk.Stock
	Budget eviction.Policy `json:"budget"` // of this server's purge loop and --min-free
	Memory struct {
		Entries int   `json:"entries"`
		Bytes   int64 `json:"bytes"`
	} `json:"memory"`
}

func (c *serveCmd) stock(app *app) func() any {
	return func() any {
		s := stock{Stock: app.dir.Inventory.Stock(), Budget: c.Policy()}
		s.Memory.Entries, s.Memory.Bytes = app.Derivatives.MemoryStats()
		return s
	}
}
