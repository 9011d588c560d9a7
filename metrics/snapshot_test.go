package metrics

import (
	"encoding/json"
	"testing"
	"time"
)

// A snapshot has what a scrape has, without buckets.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	m := New()
	m.gauge("queue", "", func() float64 { return 4 })
	m.Answered("memory", 200, 10, time.Millisecond, "")
	m.Answered("memory", 200, 10, time.Millisecond, "")
	m.Stepped("resize", 250*time.Millisecond, "")
	m.Stepped("resize", 500*time.Millisecond, "")
	got := m.Snapshot()
	for name, want := range map[string]string{
		"requests_total": `[{"labels":{"outcome":"memory","status":"200"},"value":2}]`,
		"step_seconds":   `[{"labels":{"step":"resize"},"value":2,"sum":0.75}]`,
		"queue":          `[{"value":4}]`,
		"fetch_seconds":  `null`,
	} {
		text, err := json.Marshal(got[name])
		if err != nil || string(text) != want {
			t.Errorf("%s is %s (%v), want %s", name, text, err, want)
		}
	}
}
