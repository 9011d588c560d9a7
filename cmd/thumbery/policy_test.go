package main

import (
	"testing"
	"time"
)

func TestParseAge(t *testing.T) {
	const day = 24 * time.Hour
	for in, want := range map[string]time.Duration{
		"30d": 30 * day, "8w": 56 * day, "1w2d3h4m": 9*day + 3*time.Hour + 4*time.Minute, "36h": 36 * time.Hour, "90s": 90 * time.Second,
		"0d": 0, "106751d": 106751 * day, "1d0.5h": day + 30*time.Minute,
	} {
		if got, err := parseAge(in); err != nil || got != want {
			t.Errorf("parseAge(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "d", "30", "-1d", "-1h", "1d-1h", "1.5d", "106752d", "4294967296d", "15251w", "106751d24h", "1d2w", "1d2d", "1 d", "d1", "1e3d", "∞", "1dd"} {
		if got, err := parseAge(in); err == nil {
			t.Errorf("parseAge(%q) = %v, want an error", in, got)
		}
	}
}
