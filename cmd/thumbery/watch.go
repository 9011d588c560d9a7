package main

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/api/ui"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/metrics"
)

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
