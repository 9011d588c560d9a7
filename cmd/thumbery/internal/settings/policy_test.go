package settings

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache/eviction"
)

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]any{
		"":                              eviction.Policy{},
		"older-than=&max-size=":         eviction.Policy{},
		"older-than=30d&max-size=1GiB":  eviction.Policy{All: eviction.Limits{OlderThan: 720 * time.Hour, MaxBytes: 1 << 30}},
		"max-files=4M&min-free=10%25":   eviction.Policy{All: eviction.Limits{MaxFiles: 4_000_000}, MinFree: 0.1},
		"originals-older-than=1h":       eviction.Policy{Originals: eviction.Limits{OlderThan: time.Hour}},
		"mezzanines-max-size=1k":        eviction.Policy{Mezzanines: eviction.Limits{MaxBytes: 1000}},
		"derivatives-max-files=7":       eviction.Policy{Derivatives: eviction.Limits{MaxFiles: 7}},
		"older=30d":                     "unknown flag --older",
		"older-than=yesterday":          `older-than: "yesterday" is not a duration`,
		"max-size=0":                    "max-size: a limit must be more than 0",
		"max-size=-1":                   "max-size",
		"min-free=0.1":                  "min-free",
		"older-than=1h&older-than=none": "older-than",
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParsePolicy(q)
		if text, wrong := want.(string); wrong {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %s", query, err, text)
			}
		} else if err != nil || got != want {
			t.Errorf("%s: %+v (%v)", query, got, err)
		}
	}
}
