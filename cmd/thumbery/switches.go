package main

import (
	"errors"
	"strconv"

	"github.com/thumbery/thumbery/api/admin"
)

// switches are the settings that can be changed while the server runs, in case something
// new misbehaves. Their first values are those of the flags.
type switches []admin.Switch

func (c *serveCmd) switches(core *core) switches {
	o, p := core.origins, core.Pipeline
	p.Derivatives.SetMemory(!c.NoHot)
	return switches{
		{Name: "hot", Help: "serve from memory what is there", Get: p.Derivatives.UsesMemory, Set: p.Derivatives.SetMemory},
		o.hedgeSwitch(),
		{Name: "read_only", Help: "serve what is in the cache and what can be made of it, and fetch nothing", Get: p.Originals.ReadOnly, Set: p.Originals.SetReadOnly},
	}
}

// hedgeSwitch cannot be on without --hedge, which says after how long to hedge.
func (o *origins) hedgeSwitch() admin.Switch {
	return admin.Switch{
		Name: "hedge", Help: "ask a second mirror when one is slow, as --hedge says", Get: o.hedge.Load, Set: o.hedge.Store,
		Refuse: func(on bool) error {
			if on && o.flags.Hedge <= 0 {
				return errors.New("the server was started without --hedge, which says after how long another mirror is asked")
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
