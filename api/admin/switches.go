package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Switch is a setting that can be changed while the server runs. Its functions are called by
// several goroutines, but Set by one at a time.
type Switch struct {
	Name string
	Help string
	// Values are the permitted ones. If they are "true" and "false", the switch is a boolean
	// in JSON.
	Values []string
	Get    func() string
	// Refuse, if not nil, returns why this server cannot be set to one of Values, or nil.
	Refuse func(string) error
	// Set gets one of Values. If it returns an error, nothing has changed.
	Set func(string) error
}

// maxSwitches bounds the body of PATCH /switches, in bytes.
const maxSwitches = 4 << 10

// switchboard answers /switches.
type switchboard struct {
	switches []Switch
	log      *slog.Logger
	changing sync.Mutex
}

// description of a switch is in the answer to a PATCH with errors.
type description struct {
	Name   string `json:"name"`
	Values []any  `json:"values"`
	Help   string `json:"help"`
}

func (b *switchboard) show(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, b.state())
}

// state returns the values of all switches by name.
func (b *switchboard) state() map[string]any {
	state := map[string]any{}
	for _, s := range b.switches {
		state[s.Name] = s.json(s.Get())
	}
	return state
}

// change sets the switches in the body, all or none, and answers with the state of all.
func (b *switchboard) change(w http.ResponseWriter, r *http.Request) {
	body, ok := readAll(w, r, maxSwitches)
	if !ok {
		return
	}
	b.changing.Lock()
	defer b.changing.Unlock()
	wanted, err := b.parse(body)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": err.Error(), "switches": b.describe()})
		return
	}
	if err := b.setAll(wanted, r.RemoteAddr); err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]any{"error": err.Error(), "now": b.state()})
		return
	}
	writeJSON(w, http.StatusOK, b.state())
}

// setting is a switch and its new value.
type setting struct {
	Switch
	value string
}

// parse returns the settings in a body, in the order of the switches.
func (b *switchboard) parse(body []byte) ([]setting, error) {
	var given map[string]any
	if err := json.Unmarshal(body, &given); err != nil {
		return nil, fmt.Errorf(`the body must be a JSON object with switches and their values: %w`, err)
	}
	var wanted []setting
	for _, s := range b.switches {
		value, ok := given[s.Name]
		if !ok {
			continue
		}
		text, ok := s.text(value)
		if !ok {
			return nil, fmt.Errorf("%s cannot be %v: it must be one of %s", s.Name, value, strings.Join(s.Values, ", "))
		}
		if s.Refuse != nil {
			if err := s.Refuse(text); err != nil {
				return nil, fmt.Errorf("%s cannot be %v: %w", s.Name, value, err)
			}
		}
		delete(given, s.Name)
		wanted = append(wanted, setting{s, text})
	}
	if len(given) > 0 {
		return nil, fmt.Errorf("there is no switch %q", slices.Sorted(maps.Keys(given)))
	}
	return wanted, nil
}

// setAll applies settings in order. After an error it restores those that it has changed.
func (b *switchboard) setAll(wanted []setting, client string) error {
	var done []setting
	for _, s := range wanted {
		old := s.Get()
		if old == s.value {
			continue
		}
		err := s.Set(s.value)
		b.logChange(s, old, client, err)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", s.Name, err), b.restore(done, client))
		}
		done = append(done, setting{s.Switch, old})
	}
	return nil
}

// restore applies settings in reverse order.
func (b *switchboard) restore(done []setting, client string) error {
	var errs []error
	for _, s := range slices.Backward(done) {
		now := s.Get()
		err := s.Set(s.value)
		b.logChange(s, now, client, err)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s stays %s: %w", s.Name, now, err))
		}
	}
	return errors.Join(errs...)
}

func (b *switchboard) logChange(s setting, old, client string, err error) {
	if err != nil {
		b.log.Error("cannot change a switch", "switch", s.Name, "is", old, "wanted", s.value, "client", client, "cause", err)
		return
	}
	b.log.Warn("changed a switch", "switch", s.Name, "old", old, "new", s.value, "client", client)
}

func (b *switchboard) describe() []description {
	all := []description{}
	for _, s := range b.switches {
		d := description{Name: s.Name, Help: s.Help}
		for _, value := range s.Values {
			d.Values = append(d.Values, s.json(value))
		}
		all = append(all, d)
	}
	return all
}

// boolean reports that the values are true and false.
func (s Switch) boolean() bool {
	return len(s.Values) == 2 && slices.Contains(s.Values, "true") && slices.Contains(s.Values, "false")
}

// json returns a value in its JSON form.
func (s Switch) json(value string) any {
	if s.boolean() {
		return value == "true"
	}
	return value
}

// text returns a JSON value in the form of Set. ok is false if it is not one of Values.
func (s Switch) text(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		text = v
	case bool:
		text = fmt.Sprint(v)
	}
	return text, slices.Contains(s.Values, text)
}
