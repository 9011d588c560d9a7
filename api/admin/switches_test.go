package admin

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// testSwitches has two switches.
type testSwitches struct {
	*testAdmin
	hot, readOnly bool
	refuse        error // of read-only
	sets          []string
}

func newTestSwitches() *testSwitches {
	d := &testSwitches{}
	set := func(name string, variable *bool) func(bool) {
		return func(value bool) {
			d.sets = append(d.sets, fmt.Sprint(name, "=", value))
			*variable = value
		}
	}
	d.testAdmin = newTestAdmin(Config{Switches: []Switch{
		{Name: "hot", Help: "serve from memory", Get: func() bool { return d.hot }, Set: set("hot", &d.hot)},
		{
			Name: "read-only", Help: "fetch nothing", Refuse: func(bool) error { return d.refuse },
			Get: func() bool { return d.readOnly }, Set: set("read-only", &d.readOnly),
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
		{`{}`, 200, `{"hot":false,"read-only":false}`, ""},
		{`{"read-only":true}`, 200, `{"hot":false,"read-only":true}`, "read-only=true"},
		{`{"read-only":"true"}`, 200, `{"hot":false,"read-only":true}`, "read-only=true"},
		{`{"read-only":true,"hot":true}`, 200, `{"hot":true,"read-only":true}`, "hot=true read-only=true"},
		{`{"read-only":false,"hot":"false"}`, 200, `{"hot":false,"read-only":false}`, ""}, // as they are
		{`{"hot":"auto"}`, 400, "hot cannot be auto: it must be true or false", ""},
		{`{"read-only":1}`, 400, "read-only cannot be 1", ""},
		{`{"read-only":null}`, 400, "read-only cannot be", ""},
		{`{"read-only":[true]}`, 400, "read-only cannot be", ""},
		{`{"read-only":"on","hot":true}`, 400, "read-only cannot be on", ""},
		{`{"hot":true,"hedge":true,"a":1}`, 400, `there is no switch [\"a\" \"hedge\"]`, ""},
		{`[]`, 400, "JSON object", ""},
		{``, 400, "JSON object", ""},
		{`{"hot":true} x`, 400, "JSON object", ""},
		{`{"hot":"` + strings.Repeat("x", maxSwitches) + `"}`, 413, "too large", ""},
	} {
		d := newTestSwitches()
		status, answer := d.request("PATCH", "/switches", c.body, "Content-Type", "application/x-www-form-urlencoded")
		if status != c.status || status == 200 && answer != c.answer || !strings.Contains(answer, c.answer) {
			t.Errorf("%.80s: %d %s, want %d %s", c.body, status, answer, c.status, c.answer)
		}
		if got := strings.Join(d.sets, " "); got != c.sets {
			t.Errorf("%.80s: set %q, want %q", c.body, got, c.sets)
		}
		const all = `"switches":[{"name":"hot","values":[true,false],"help":"serve from memory"},{"name":"read-only","values":[true,false],"help":"fetch nothing"}]`
		if status == 400 && !strings.Contains(answer, all) {
			t.Errorf("%.80s: the answer does not say what there is: %s", c.body, answer)
		}
		want := strings.Count(c.sets, "=")
		if got := strings.Count(d.log.String(), "changed a switch"); got != want || want > 0 && !strings.Contains(d.log.String(), "old=false new=true client=192.0.2.1") {
			t.Errorf("%.80s: %d changes in the log, want %d: %s", c.body, got, want, &d.log)
		}
		if _, now := d.request("GET", "/switches", ""); status == 200 && now != answer {
			t.Errorf("%.80s: answered %s, and then it was %s", c.body, answer, now)
		}
	}
}

func TestNoSwitches(t *testing.T) {
	t.Parallel()
	o := newTestAdmin(Config{})
	if status, body := o.request("GET", "/switches", ""); status != 200 || body != "{}" {
		t.Errorf("%d %s", status, body)
	}
	if status, body := o.request("PATCH", "/switches", `{"hot":true}`); status != 400 || !strings.Contains(body, `"switches":[]`) {
		t.Errorf("%d %s", status, body)
	}
}

// A value that this server cannot have is refused before anything is set.
func TestSwitchRefuses(t *testing.T) {
	t.Parallel()
	d := newTestSwitches()
	d.refuse = errors.New("there is nothing to fetch")
	status, answer := d.request("PATCH", "/switches", `{"hot":true,"read-only":true}`)
	if status != 400 || !strings.Contains(answer, `read-only cannot be true: there is nothing to fetch`) || len(d.sets) > 0 || d.hot {
		t.Errorf("%d %s, set %v", status, answer, d.sets)
	}
}
