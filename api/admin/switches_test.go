package admin

import (
	"errors"
	"strings"
	"testing"
)

// desk has switches that are variables.
type desk struct {
	*office
	engine, readOnly string
	refuse           error
	fail             map[string]error // by value
	sets             []string
}

func newDesk() *desk {
	d := &desk{engine: "auto", readOnly: "false", fail: map[string]error{}}
	throw := func(name string, variable *string) func(string) error {
		return func(value string) error {
			d.sets = append(d.sets, name+"="+value)
			if err := d.fail[value]; err != nil {
				return err
			}
			*variable = value
			return nil
		}
	}
	d.office = newOffice(Config{Switches: []Switch{
		{
			Name: "engine", Help: "what resizes", Values: []string{"auto", "bimg", "vips"},
			Get: func() string { return d.engine }, Set: throw("engine", &d.engine),
		},
		{
			Name: "read-only", Help: "fetch nothing", Values: []string{"true", "false"}, Refuse: func(string) error { return d.refuse },
			Get: func() string { return d.readOnly }, Set: throw("read-only", &d.readOnly),
		},
	}})
	return d
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body   string
		status int
		answer string // all of it, or a part of an error
		sets   string
	}{
		{`{}`, 200, `{"engine":"auto","read-only":false}`, ""},
		{`{"read-only":true}`, 200, `{"engine":"auto","read-only":true}`, "read-only=true"},
		{`{"read-only":"true"}`, 200, `{"engine":"auto","read-only":true}`, "read-only=true"},
		{`{"read-only":true,"engine":"vips"}`, 200, `{"engine":"vips","read-only":true}`, "engine=vips read-only=true"},
		{`{"read-only":false,"engine":"auto"}`, 200, `{"engine":"auto","read-only":false}`, ""}, // as they are
		{`{"engine":"magick"}`, 400, "engine cannot be magick: it must be one of auto, bimg, vips", ""},
		{`{"engine":true}`, 400, "engine cannot be true", ""},
		{`{"read-only":1}`, 400, "read-only cannot be 1", ""},
		{`{"read-only":null}`, 400, "read-only cannot be", ""},
		{`{"read-only":"on","engine":"vips"}`, 400, "read-only cannot be on", ""},
		{`{"engine":"vips","hedge":true,"a":1}`, 400, `there is no switch [\"a\" \"hedge\"]`, ""},
		{`[]`, 400, "JSON object", ""},
		{``, 400, "JSON object", ""},
		{`{"engine":"vips"} x`, 400, "JSON object", ""},
		{`{"engine":"` + strings.Repeat("x", maxSwitches) + `"}`, 413, "too large", ""},
	} {
		d := newDesk()
		status, answer := d.ask("PATCH", "/switches", c.body, "Content-Type", "application/x-www-form-urlencoded")
		if status != c.status || status == 200 && answer != c.answer || !strings.Contains(answer, c.answer) {
			t.Errorf("%.80s: %d %s, want %d %s", c.body, status, answer, c.status, c.answer)
		}
		if got := strings.Join(d.sets, " "); got != c.sets {
			t.Errorf("%.80s: set %q, want %q", c.body, got, c.sets)
		}
		const all = `"switches":[{"name":"engine","values":["auto","bimg","vips"],"help":"what resizes"},{"name":"read-only","values":[true,false],"help":"fetch nothing"}]`
		if status == 400 && !strings.Contains(answer, all) {
			t.Errorf("%.80s: the answer does not say what there is: %s", c.body, answer)
		}
		want := strings.Count(c.sets, "=")
		if got := strings.Count(d.log.String(), "changed a switch"); got != want || want > 0 && !strings.Contains(d.log.String(), "client=192.0.2.1") {
			t.Errorf("%.80s: %d changes in the log, want %d: %s", c.body, got, want, &d.log)
		}
		if _, now := d.ask("GET", "/switches", ""); status == 200 && now != answer {
			t.Errorf("%.80s: answered %s, and then it was %s", c.body, answer, now)
		}
	}
}

// What cannot be done altogether is not done at all.
func TestSwitchesAllOrNothing(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.fail["true"] = errors.New("stuck")
	status, answer := d.ask("PATCH", "/switches", `{"engine":"vips","read-only":true}`)
	if status != 500 || answer != `{"error":"read-only: stuck","now":{"engine":"auto","read-only":false}}` {
		t.Errorf("%d %s", status, answer)
	}
	if got := strings.Join(d.sets, " "); got != "engine=vips read-only=true engine=auto" {
		t.Errorf("set %q", got)
	}
	for _, line := range []string{"old=auto new=vips", "old=vips new=auto", "cannot change a switch"} {
		if !strings.Contains(d.log.String(), line) {
			t.Errorf("the log lacks %q: %s", line, &d.log)
		}
	}
	d.fail["auto"] = errors.New("stuck, too")
	if status, answer := d.ask("PATCH", "/switches", `{"engine":"vips","read-only":true}`); status != 500 || !strings.Contains(answer, "engine stays vips: stuck, too") {
		t.Errorf("%d %s", status, answer)
	}
}

func TestNoSwitches(t *testing.T) {
	t.Parallel()
	o := newOffice(Config{})
	if status, body := o.ask("GET", "/switches", ""); status != 200 || body != "{}" {
		t.Errorf("%d %s", status, body)
	}
	if status, body := o.ask("PATCH", "/switches", `{"engine":"vips"}`); status != 400 || !strings.Contains(body, `"switches":[]`) {
		t.Errorf("%d %s", status, body)
	}
}

// A value that this service cannot have is refused before anything is set.
func TestSwitchRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.refuse = errors.New("there is nothing to fetch")
	status, answer := d.ask("PATCH", "/switches", `{"engine":"vips","read-only":true}`)
	if status != 400 || !strings.Contains(answer, `read-only cannot be true: there is nothing to fetch`) || len(d.sets) > 0 || d.engine != "auto" {
		t.Errorf("%d %s, set %v", status, answer, d.sets)
	}
}
