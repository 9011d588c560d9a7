package main

import (
	"log/slog"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/variant"
)

// primer makes the presets of what was uploaded.
func (c *serveCmd) primer(core *core) *prime.Queue {
	rules := variant.Rules{Presets: core.presets, Format: c.format()}
	return core.primer.NewQueue(rules.AllPresets())
}

// hook is what happens when a bucket tells of its objects: what was made of the
// old one is forgotten, and the presets of the new one are made.
func (c *serveCmd) hook(core *core, primer *prime.Queue, m *metrics.Metrics, log *slog.Logger) *admin.Hook {
	if c.HookSecret == "" {
		return nil
	}
	forget := func(key variant.Key) error {
		if core.Originals.ReadOnly() { // what was forgotten could not be fetched again
			return originals.ErrReadOnly
		}
		_, err := core.Forget(key)
		return err
	}
	return &admin.Hook{
		Secret: c.HookSecret, Keys: core.origins.Keys, Observe: m.Hooked,
		Created: func(key variant.Key) error {
			err := forget(key)
			if err == nil && len(c.Preset) > 0 && !primer.Add(key) {
				log.Warn("too many pictures wait to be primed: this one is made when it is asked for", "key", key)
			}
			return err
		},
		// Another place of a chain may still have what was removed from one: that
		// is for the next request to find out.
		Removed: forget,
	}
}
