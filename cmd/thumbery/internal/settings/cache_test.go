package settings

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
)

// TestPolicyFlags: every flag of a purge is a limit of values.Policy, by the same name and with
// the same meaning, and the reverse.
func TestPolicyFlags(t *testing.T) {
	t.Parallel()
	_, err := values.Policy(url.Values{"": {""}})
	if err == nil {
		t.Fatal("a limit without a name")
	}
	_, list, _ := strings.Cut(err.Error(), ", but ")
	var names []string
	for _, flag := range kong.Must(&PolicyFlags{}).Model.Flags {
		if flag.Name == "help" {
			continue
		}
		names = append(names, flag.Name)
		value := "7"
		switch {
		case strings.HasSuffix(flag.Name, "older-than"):
			value = "30d"
		case flag.Name == "min-free":
			value = "10%"
		}
		var f PolicyFlags
		_, err := kong.Must(&f).Parse([]string{"--" + flag.Name, value})
		limited, policyErr := values.Policy(url.Values{flag.Name: {value}})
		if err != nil || policyErr != nil || limited.Empty() || limited != f.Policy() {
			t.Errorf("--%s %s: %+v (%v), and as a limit %+v (%v)", flag.Name, value, f.Policy(), err, limited, policyErr)
		}
	}
	slices.Sort(names)
	if got := strings.Join(names, ", "); got != list {
		t.Errorf("the flags are %s, and the limits %s", got, list)
	}
}
