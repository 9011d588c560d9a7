package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/thumbery/thumbery/api/admin"
)

// switches are what can be changed while the server runs, for the case that
// something new misbehaves. Each begins as its flag says.
type switches []admin.Switch

func (c *serveCmd) switches(core *core) switches {
	o, p := core.origins, core.Pipeline
	p.SetHot(!c.NoHot)
	return switches{
		boolSwitch("hot", "serve from memory what is there", p.Hot, p.SetHot),
		o.hedgeSwitch(),
		boolSwitch("read_only", "serve what is in the cache and what can be made of it, and fetch nothing", p.ReadOnly, p.SetReadOnly),
	}
}

// hedgeSwitch cannot be on without --hedge, which says what slow is.
func (o *origins) hedgeSwitch() admin.Switch {
	s := boolSwitch("hedge", "ask a second mirror when one is slow, as --hedge says", o.hedge.Load, o.hedge.Store)
	s.Refuse = func(value string) error {
		if value == "true" && o.flags.Hedge <= 0 {
			return errors.New("the server was started without --hedge, which says after how long another mirror is asked")
		}
		return nil
	}
	return s
}

func boolSwitch(name, help string, get func() bool, set func(bool)) admin.Switch {
	return admin.Switch{
		Name: name, Help: help, Values: []string{"true", "false"},
		Get: func() string { return strconv.FormatBool(get()) },
		Set: func(value string) error {
			on, err := strconv.ParseBool(value)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			set(on)
			return nil
		},
	}
}

// each tells the metrics how everything is switched.
func (s switches) each(yield func(name, value string)) {
	for _, one := range s {
		yield(one.Name, one.Get())
	}
}
