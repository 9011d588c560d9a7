package values

import (
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for in, want := range map[string]time.Duration{
		"30d": 30 * day, "8w": 56 * day, "1w2d3h4m": 9*day + 3*time.Hour + 4*time.Minute, "36h": 36 * time.Hour, "90s": 90 * time.Second,
		"106751d": 106751 * day, "1d12h": 36 * time.Hour, "1.5h": 90 * time.Minute, "10m": 10 * time.Minute,
	} {
		var got Age
		if err := got.UnmarshalText([]byte(in)); err != nil || time.Duration(got) != want {
			t.Errorf("%q is %v, %v, want %v", in, time.Duration(got), err, want)
		}
	}
	for _, in := range []string{"", "d", "30", "0d", "0", "-1d", "-1h", "1d-1h", "1.5d", "106752d", "4294967296d", "15251w", "106751d24h", "1d2w", "1d2d", "1 d", "d1", "1e3d", "∞", "1dd"} {
		var got Age
		if err := got.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q is %v, want an error", in, time.Duration(got))
		}
	}
}
