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

// Switch is something that can be changed while the service runs. Its functions
// are called by several goroutines, but Set by one at a time.
type Switch struct {
	Name string
	Help string
	// Values are those allowed. "true" and "false" alone make a boolean, which
	// is one in JSON, too.
	Values []string
	Get    func() string
	// Refuse, if not nil, says why one of Values is not to be had in this service,
	// with nil for one that is.
	Refuse func(string) error
	// Set is given one of Values. After an error nothing has changed.
	Set func(string) error
}

// maxSwitches bounds the body of a change, in bytes.
const maxSwitches = 4 << 10

// board answers /switches.
type board struct {
	switches []Switch
	log      *slog.Logger
	changing sync.Mutex
}

// described is what is told of a switch to who has asked for another one.
type described struct {
	Name   string `json:"name"`
	Values []any  `json:"values"`
	Help   string `json:"help"`
}

func (b *board) show(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, b.state()) }

// state is how all switches are set, by name.
func (b *board) state() map[string]any {
	state := map[string]any{}
	for _, s := range b.switches {
		state[s.Name] = s.json(s.Get())
	}
	return state
}

// change sets those switches that the body has, all of them or none, and answers
// with how all are set.
func (b *board) change(w http.ResponseWriter, r *http.Request) {
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

// setting is a switch and what it is to be.
type setting struct {
	Switch
	value string
}

// parse finds out what a body wants, in the order of the switches.
func (b *board) parse(body []byte) ([]setting, error) {
	var given map[string]any
	if err := json.Unmarshal(body, &given); err != nil {
		return nil, fmt.Errorf(`the body is to be a JSON object with switches and their values: %w`, err)
	}
	var wanted []setting
	for _, s := range b.switches {
		value, ok := given[s.Name]
		if !ok {
			continue
		}
		text, ok := s.text(value)
		if !ok {
			return nil, fmt.Errorf("%s cannot be %v: it is one of %s", s.Name, value, strings.Join(s.Values, ", "))
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

// setAll sets them in order. After an error those that were set before are set
// back.
func (b *board) setAll(wanted []setting, client string) error {
	var done []setting
	for _, s := range wanted {
		old := s.Get()
		if old == s.value {
			continue
		}
		err := s.Set(s.value)
		b.logChange(s, old, client, err)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", s.Name, err), b.setBack(done, client))
		}
		done = append(done, setting{s.Switch, old})
	}
	return nil
}

// setBack undoes, the last first.
func (b *board) setBack(done []setting, client string) error {
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

func (b *board) logChange(s setting, old, client string, err error) {
	if err != nil {
		b.log.Error("cannot throw a switch", "switch", s.Name, "is", old, "wanted", s.value, "client", client, "cause", err)
		return
	}
	b.log.Warn("a switch was thrown", "switch", s.Name, "old", old, "new", s.value, "client", client)
}

func (b *board) describe() []described {
	all := []described{}
	for _, s := range b.switches {
		d := described{Name: s.Name, Help: s.Help}
		for _, value := range s.Values {
			d.Values = append(d.Values, s.json(value))
		}
		all = append(all, d)
	}
	return all
}

// boolean reports that a switch is on or off.
func (s Switch) boolean() bool {
	return len(s.Values) == 2 && slices.Contains(s.Values, "true") && slices.Contains(s.Values, "false")
}

// json is a value as JSON has it.
func (s Switch) json(value string) any {
	if s.boolean() {
		return value == "true"
	}
	return value
}

// text is a value from JSON as Set has it. ok is false for what is not allowed.
func (s Switch) text(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		text = v
	case bool:
		text = fmt.Sprint(v)
	}
	return text, slices.Contains(s.Values, text)
}
