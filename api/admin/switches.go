package admin

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/thumbery/thumbery/api"
)

// Switch is a setting that can be changed while the server runs. Its functions are called by
// several goroutines, but Set by one at a time.
type Switch struct {
	Name string
	Help string
	Get  func() bool
	Set  func(bool)
	// Refuse, if not nil, returns why this server cannot be set to a value, or nil.
	Refuse func(bool) error
}

// maxSwitches bounds the body of PATCH /switches, in bytes.
const maxSwitches = 4 << 10

type switchboard struct {
	switches []Switch
	log      *slog.Logger
	changing sync.Mutex
}

// show answers with the state of all switches.
func (b *switchboard) show(w http.ResponseWriter, _ *http.Request) {
	state := map[string]bool{}
	for _, s := range b.switches {
		state[s.Name] = s.Get()
	}
	api.WriteJSON(w, http.StatusOK, state)
}

// change sets the switches in the body, all or none, and answers with the state of all.
func (b *switchboard) change(w http.ResponseWriter, r *http.Request) {
	body, ok := readAll(w, r, maxSwitches)
	if !ok {
		return
	}
	b.changing.Lock()
	defer b.changing.Unlock()
	values, err := b.parse(body)
	if err != nil {
		api.WriteJSON(w, http.StatusBadRequest, map[string]any{"error": err.Error(), "switches": b.describe()})
		return
	}
	for _, s := range b.switches {
		if value, given := values[s.Name]; given && value != s.Get() {
			s.Set(value)
			b.log.Warn("changed a switch", "switch", s.Name, "old", !value, "new", value, "client", r.RemoteAddr)
		}
	}
	b.show(w, r)
}

func (b *switchboard) parse(body []byte) (map[string]bool, error) {
	var given map[string]any
	if err := json.Unmarshal(body, &given); err != nil {
		return nil, fmt.Errorf(`the body must be a JSON object with switches and their values: %w`, err)
	}
	values := map[string]bool{}
	for _, s := range b.switches {
		value, ok := given[s.Name]
		if !ok {
			continue
		}
		switch value {
		case true, "true":
			values[s.Name] = true
		case false, "false":
			values[s.Name] = false
		default:
			return nil, fmt.Errorf("%s cannot be %v: it must be true or false", s.Name, value)
		}
		if s.Refuse != nil {
			if err := s.Refuse(values[s.Name]); err != nil {
				return nil, fmt.Errorf("%s cannot be %v: %w", s.Name, value, err)
			}
		}
		delete(given, s.Name)
	}
	if len(given) > 0 {
		return nil, fmt.Errorf("there is no switch %q", slices.Sorted(maps.Keys(given)))
	}
	return values, nil
}

type description struct {
	Name   string `json:"name"`
	Values []bool `json:"values"`
	Help   string `json:"help"`
}

func (b *switchboard) describe() []description {
	all := []description{}
	for _, s := range b.switches {
		all = append(all, description{s.Name, []bool{true, false}, s.Help})
	}
	return all
}
