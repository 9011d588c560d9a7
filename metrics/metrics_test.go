package metrics

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/panics"
)

func scrape(m *Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestPanicsAreCounted(t *testing.T) {
	t.Parallel()
	m := New()
	before := panics.Counts()["test"]
	for range 2 {
		_ = panics.Try("test", func() error { panic("boom") })
	}
	if want := fmt.Sprintf("thumbery_panics_total{where=\"test\"} %d\n", before+2); !strings.Contains(scrape(m), want) {
		t.Errorf("there is no %s in\n%s", want, scrape(m))
	}
}

func TestStepsAreCounted(t *testing.T) {
	t.Parallel()
	m := New()
	m.Stepped("fetch", 300*time.Millisecond, "")
	for _, want := range []string{`thumbery_step_seconds_bucket{step="fetch",le="0.25"} 0`, `thumbery_step_seconds_bucket{step="fetch",le="0.5"} 1`, `thumbery_step_seconds_sum{step="fetch"} 0.3`} {
		if !strings.Contains(scrape(m), want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	m := New()
	two, pair := func() int { return 2 }, func() (int, int) { return 3, 4 }
	m.Watch("v1", State{
		Gate: pair, Background: two, Fetches: pair, Memory: func() (int, int64) { return 5, 6 }, Absent: two, Repairs: two, Primes: two,
		Peers: func() Peers { return Peers{Reachable: 2, Unreachable: 1, Behind: 9} },
		Workers: func() Workers {
			return Workers{1, 2, 3, map[string]int64{"signal": 4, "time": 0}, map[string]bool{"landlock": true, "seccomp": false}}
		},
		Origins:  func(yield func(string, int)) { yield("s3", 2) },
		Shared:   func(yield func(string, int)) { yield("s3", 1) },
		Fronts:   func(yield func(string, int, float64)) { yield("varnish", 9, 1.5) },
		Switches: func(yield func(string, string)) { yield("hot", "true") },
		DiskLow:  func() bool { return true },
		Stock:    func() (all [eviction.Tiers]eviction.Count) { all[0] = eviction.Count{Files: 7, Bytes: 8}; return all },
		Ages:     func(yield func(tier, below string, bytes int64)) { yield("originals", "7d", 11) },
		Purged:   func() time.Time { return time.Unix(12, 0) },
	})
	got := scrape(m)
	tier := eviction.Tier(0).String()
	for _, want := range []string{
		"resizing 3", "queue 4", "background 2", "memory_bytes 6", "absent_entries 2", "disk_low 1", `origin_state{origin="s3"} 2`, `shared_state{bucket="s3"} 1`,
		`switch{name="hot",value="true"} 1`, `cache_files{tier="` + tier + `"} 7`, `cache_bytes{tier="` + tier + `"} 8`, `build_info{version="v1"} 1`,
		`cache_age_bytes{below="7d",tier="originals"} 11`, "purged_timestamp_seconds 12",
		`peers{state="reachable"} 2`, `peers{state="unreachable"} 1`, "peers_behind 9",
		`workers{state="idle"} 1`, `workers{state="busy"} 2`, `workers{state="starting"} 3`, `worker_deaths_total{cause="signal"} 4`, `worker_deaths_total{cause="time"} 0`,
		`sandbox_missing{wall="landlock"} 1`, `sandbox_missing{wall="seccomp"} 0`,
		`front_purge_waiting{cache="varnish"} 9`, `front_purge_oldest_seconds{cache="varnish"} 1.5`,
	} {
		if !strings.Contains(got, "\nthumbery_"+want+"\n") {
			t.Errorf("there is no %s in\n%s", want, got)
		}
	}
}
