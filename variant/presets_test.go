package variant

import (
	"errors"
	"strings"
	"testing"
)

func presets(t *testing.T, all ...string) Presets {
	t.Helper()
	p := Presets{}
	for _, s := range all {
		if err := p.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func TestPresets(t *testing.T) {
	t.Parallel()
	p := presets(t, "thumb=300x200,f_auto", "wide=1200x", "face=100x100,fp_0.5_0.2",
		"dense=dpr_2,f_auto", "top=w_600,g_n", "big=up_1,q_80",
		"tuned=300x200,g_ne,sat_20,rot_90", "inside=300x200,fit_inside,up_1")
	for ops, want := range map[string]string{
		"thumb":               "300x200,f_auto",
		"thumb,f_webp":        "300x200,f_webp",
		"thumb,dpr_2,600x":    "600x200,dpr_2,f_auto",
		"wide,h_100":          "1200x100",
		"face,g_n":            "100x100,g_n",
		"face,fit_inside,q_5": "100x100,fit_inside,q_5",
		"10x10":               "10x10",
		"dense,30x20":         "30x20,dpr_2,f_auto",
		"top,h_200":           "600x200,g_n",
		"big,30x":             "30x,up_1,q_80",
		"top":                 "600x",
		"tuned,sat_0,rot_0":   "300x200,g_ne",
		"tuned,fit_contain":   "300x200,fit_contain,g_ne,sat_20,rot_90",
		"tuned,g_center":      "300x200,sat_20,rot_90",
		"inside,fit_cover":    "300x200,up_1",
		"inside,up_0":         "300x200,fit_inside",
	} {
		o, err := p.Parse(ops)
		if err != nil || o.Variant.String() != want {
			t.Errorf("Parse(%q) = %q, %v, want %q", ops, o.Variant, err, want)
		}
		if canonical, err := p.Parse(o.Canonical); err != nil || canonical != o {
			t.Errorf("Parse(%q) = %+v, but its canonical spelling gives %+v, %v", ops, o, canonical, err)
		}
		if again := mustParse(t, want); o.Variant != again {
			t.Errorf("%q and %q are two values: %+v, %+v", ops, want, o.Variant, again)
		}
	}
	for ops, suggestion := range map[string]string{"thum": "thumb", "thumb,thumb": "", "f_webp,thumb": "", "thumb,f_auto,f_webp": ""} {
		_, err := p.Parse(ops)
		if e, ok := errors.AsType[*Error](err); !ok || e.Suggestion != suggestion {
			t.Errorf("Parse(%q): %v, want the suggestion %q", ops, err, suggestion)
		}
	}
}

func TestPresetsAddErrors(t *testing.T) {
	t.Parallel()
	p := presets(t, "thumb=300x200")
	for s, reason := range map[string]string{
		"thumb":        "NAME=OPTIONS",
		"Thumb=300x":   "must be of",
		"9x=300x":      "must be of",
		"=300x":        "must be of",
		"thumb=300x":   "twice",
		"raw=300x":     "is an option",
		"gray=300x":    "is an option",
		"x200=300x":    "is an option",
		"presets=300x": "is a scope",
		"sizes=300x":   "is a scope",
		"pad=300x":     "is an option",
		"bad=300":      `option "300"`,
		"nested=thumb": "unknown",
	} {
		if err := p.Add(s); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("Add(%q) = %v, want %q", s, err, reason)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	p := presets(t, "thumb=123x77", "wide=1200x", "old=123x77,v_7", "oldraw=raw,v_7")
	sizes, only := Limits{Sizes: []int{300, 600}}, Limits{PresetsOnly: true}
	signed := func(l Limits) Limits { l.Signed = true; return l }
	tests := []struct {
		limits Limits
		ops    string
		ok     bool
	}{
		{Limits{}, "999x1,v_2", true},
		{Limits{}, "raw,v_2", true},
		{sizes, "300x,v_2", false},
		{sizes, "raw,v_2", false},
		{sizes, "info,v_2", false},
		{sizes, "info_gps,v_2", false},
		{sizes, "thumb,v_2", false},
		{sizes, "old", true},
		{sizes, "old,v_7", true},
		{sizes, "old,v_8", false},
		{sizes, "oldraw", true},
		{sizes, "oldraw,v_8", false},
		{only, "raw,v_2", false},
		{only, "info,v_2", false},
		{only, "info_gps,v_2", false},
		{only, "old", true},
		{only, "oldraw", true},
		{only, "oldraw,v_8", false},
		{signed(sizes), "300x,v_2", true},
		{signed(sizes), "301x,v_2", false},
		{signed(sizes), "raw,v_2", true},
		{signed(only), "info,v_2", true},
		{signed(only), "thumb,v_2", false},
		{Limits{}, "999x1", true},
		{sizes, "300x600", true},
		{sizes, "300x", true},
		{sizes, "301x", false},
		{sizes, "300x299", false},
		{sizes, "thumb", true},
		{sizes, "thumb,600x", true},
		{sizes, "thumb,601x", false},
		{sizes, "123x77", false},
		{sizes, "raw", true},
		{sizes, "q_80", false},
		{sizes, "dpr_1", false},
		{sizes, "300x,dpr_2", true},
		{sizes, "300x,dpr_1", true},
		{sizes, "300x,dpr_1.2345", false},
		{only, "thumb", true},
		{only, "thumb,f_webp", false},
		{only, "123x77", false},
		{only, "info", true},
	}
	for _, tt := range tests {
		o, err := p.Parse(tt.ops)
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.limits.Permit(o, p); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrForbidden) {
			t.Errorf("%+v.Permit(%q) = %v, want ok %v", tt.limits, tt.ops, err, tt.ok)
		}
	}
}
