package variant

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func newRules(t *testing.T, presets ...string) Rules {
	t.Helper()
	r := Rules{Presets: Presets{}, Limits: Limits{Sizes: []int{60, 120}}, Format: FormatAuto}
	for _, p := range presets {
		if err := r.Presets.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestRulesVariants(t *testing.T) {
	t.Parallel()
	r := newRules(t, "thumb=60x", "card=120x80", "whole=raw", "save=60x,dl_a.jpg", "about=info")
	for _, tt := range []struct {
		ops        []string
		allPresets bool
		want       string
	}{
		{[]string{"60x", "w_60", "thumb", "60x,dl"}, false, "60x,f_auto"},
		{[]string{"60x,f_png", "info", "card"}, false, "60x,f_png info 120x80,f_auto"},
		{nil, true, "info 120x80,f_auto 60x,f_auto"}, // about, card, save, thumb
		{[]string{"120x"}, true, "120x,f_auto info 120x80,f_auto 60x,f_auto"},
	} {
		all, err := r.Variants(tt.ops, tt.allPresets)
		var got []string
		for _, v := range all {
			got = append(got, v.String())
		}
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%q, %v: %q, %v, want %s", tt.ops, tt.allPresets, got, err, tt.want)
		}
	}
}

func TestRulesErrors(t *testing.T) {
	t.Parallel()
	many := slices.Repeat([]string{"60x"}, maxOps+1)
	for _, tt := range []struct {
		rules      Rules
		ops        []string
		allPresets bool
		reason     string
		kind       error
	}{
		{newRules(t), nil, false, "nothing to generate", nil},
		{newRules(t), []string{"60x"}, true, "no presets", nil},
		{newRules(t, "whole=raw"), nil, true, "are originals", nil},
		{newRules(t), many, false, fmt.Sprint("may be ", maxOps), nil},
		{newRules(t), []string{"60x", "raw"}, false, `"raw"`, nil},
		{newRules(t), []string{"60y"}, false, `"60y"`, ErrOptions},
		{newRules(t), []string{"77x"}, false, "77", ErrForbidden},
	} {
		all, err := tt.rules.Variants(tt.ops, tt.allPresets)
		if err == nil || !strings.Contains(err.Error(), tt.reason) || tt.kind != nil && !errors.Is(err, tt.kind) || len(all) > 0 {
			t.Errorf("%.60q, %v: %v, %v, want %q", tt.ops, tt.allPresets, all, err, tt.reason)
		}
	}
}
