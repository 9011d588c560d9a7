package main

import (
	"context"
	"iter"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/api/ui"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/variant"
)

// page is the configuration of /ui/ on the admin listener. That may sign only if it asks for
// a token: anybody on this machine could have URLs signed otherwise. Each page has limits of
// its own: those who may only look keep no administrator out.
func (c *serveCmd) page(p *parts, keys *variant.Keyring) ui.Config {
	first := variant.Key("")
	if c.isDemo() {
		first = "photos/cat.jpg"
	}
	events := c.events(p)
	p.events = append(p.events, events)
	return ui.Config{
		// A browser gets answers from here: with their bodies, and what is wrong in words.
		Picture: api.New(api.Config{Pipeline: p.Pipeline, Rules: p.rules, Keys: keys, MaxAge: c.MaxAge, Hottest: p.hottest, Observer: p.observer(), Log: p.log}),
		Rules:   p.rules, Keys: keys, CanSign: c.AdminToken != "", CanChange: true, Version: version,
		Writes: p.Render.Settings.CanWrite, Watermarks: slices.Sorted(maps.Keys(p.Render.Settings.Watermarks)), List: p.list, FirstKey: first, Explain: admin.ExplainHandler(p.explain),
		Events: events, Purging: c.dryRuns(),
	}
}

// demoPage is that of the public listener, where nothing can be changed.
func (c *serveCmd) demoPage(p *parts) ui.Config {
	page := c.page(p, nil)
	page.CanSign, page.CanChange = false, false
	if _, _, err := net.SplitHostPort(c.Admin); err == nil {
		page.AdminPage = "http://" + clickable(c.Admin) + "/ui/"
	}
	return page
}

func (a *app) list(ctx context.Context, prefix string) iter.Seq2[variant.Key, error] {
	return prime.Selection{Origins: a.origins.Mounts, Prefix: prefix}.List(ctx, func(string) {})
}

// maxHottest is how many of the hottest derivatives the page shows.
const maxHottest = 10

// snapshot is what the page draws, as each event of /ui/api/events has it.
type snapshot struct {
	Time     time.Time        `json:"time"`
	Metrics  metrics.Snapshot `json:"metrics"`
	Cache    any              `json:"cache"` // that of GET /cache
	Hottest  []api.Hot        `json:"hottest"`
	Switches []switchState    `json:"switches"`
}

type switchState struct {
	Name string `json:"name"`
	Help string `json:"help"`
	On   bool   `json:"on"`
	// Refusal is why it cannot be set to its other value, "" if it can.
	Refusal string `json:"refusal,omitempty"`
}

// events are the stream of snapshots.
func (c *serveCmd) events(p *parts) *ui.Events {
	stock := c.stock(p.app)
	return ui.NewEvents(func() any {
		now := time.Now()
		return snapshot{now, p.metrics.Snapshot(), stock(), p.hottest.Top(maxHottest, now), p.switches.states()}
	})
}

func (s switches) states() (all []switchState) {
	for _, one := range s {
		state := switchState{Name: one.Name, Help: one.Help, On: one.Get()}
		if one.Refuse != nil {
			if err := one.Refuse(!state.On); err != nil {
				state.Refusal = err.Error()
			}
		}
		all = append(all, state)
	}
	return all
}

// dryRun is what a purge with other limits would do. It reads the cache slowly, for the sake
// of the requests.
type dryRun struct {
	disk.Summary
	Left disk.Census `json:"left"`
}

func (c *serveCmd) dryRuns() *ui.Purging {
	return &ui.Purging{
		Limits: settings.ParsePolicy,
		DryRun: func(ctx context.Context, limits eviction.Policy) (any, error) {
			s, err := disk.Purge(ctx, c.Cache, limits, disk.PurgeOptions{DryRun: true, Workers: 1})
			return dryRun{s, s.Left}, err
		},
	}
}
