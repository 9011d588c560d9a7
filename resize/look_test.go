package resize_test

import (
	"errors"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// Before the look the plan is for all of the picture and its middle; after it,
// for what was found.
func TestPlanBeforeAndAfterTheLook(t *testing.T) {
	t.Parallel()
	inner := resize.Rect{Left: 100, Top: 50, Width: 400, Height: 500}
	for _, c := range []struct {
		ops           string
		inner         resize.Rect
		x, y          float64
		before, after string
	}{
		{"trim", inner, 0, 0, "800x600", "800x600 cut 400x500+100+50"},
		{"trim", resize.Rect{}, 0, 0, "800x600", "800x600"},
		{"trim", resize.Rect{Width: 800, Height: 600}, 0, 0, "800x600", "800x600"},
		{"trim,200x", inner, 0, 0, "200x150", "400x300 cut 200x250+50+25"},
		{"trim,200x200", inner, 0, 0, "267x200 cut 200x200+33+0", "400x300 cut 200x200+50+50"},
		{"trim,300x300,fit_contain", inner, 0, 0, "300x225 on 300x300+0+37", "480x360 cut 240x300+60+30 on 300x300+30+0"},
		{"200x200,g_smart", inner, 0.9, 0.5, "267x200 cut 200x200+33+0", "267x200 cut 200x200+67+0"},
		{"200x200,g_smart", inner, 0.1, 0.5, "267x200 cut 200x200+33+0", "267x200 cut 200x200+0+0"},
		{"200x100,g_smart,trim", inner, 0.5, 1, "200x150 cut 200x100+0+25", "400x300 cut 200x100+50+175"},
		{"300x300,fit_contain,g_smart", inner, 1, 1, "300x225 on 300x300+0+37", "300x225 on 300x300+0+37"},
		// A crop comes first, and what is found lies in it.
		{"crop_50_0_700_600,trim", inner, 0, 0, "800x600 cut 700x600+50+0", "800x600 cut 400x500+100+50"},
		{"crop_50_0_700_600,trim", resize.Rect{}, 0, 0, "800x600 cut 700x600+50+0", "800x600 cut 700x600+50+0"},
		// Nothing was asked for, and so nothing is put in its place.
		{"200x200,g_ne", inner, 0, 0, "267x200 cut 200x200+67+0", "267x200 cut 200x200+67+0"},
	} {
		h, v := photo(800, 600), parse(t, c.ops)
		before, err := resize.NewPlan(h, v, 0, resize.Settings{})
		if got := geometry(before); err != nil || got != c.before {
			t.Errorf("%s, before: %s, %v, want %s", c.ops, got, err, c.before)
		}
		seen := resize.ResolveLook(h, v, c.inner, c.x, c.y)
		if resize.NeedsLook(seen) {
			t.Errorf("%s needs a second look: %v", c.ops, seen)
		}
		after, err := resize.NewPlan(h, seen, 0, resize.Settings{})
		if got := geometry(after); err != nil || got != c.after {
			t.Errorf("%s, after: %s, %v, want %s", c.ops, got, err, c.after)
		}
	}
}

func TestNeedsLook(t *testing.T) {
	t.Parallel()
	for ops, want := range map[string]bool{
		"trim": true, "trim_3,200x": true, "200x200,g_smart": true, "200x,g_smart": false,
		"200x200,fit_contain,g_smart": false, "200x200,fp_0_0": false, "crop_0_0_9_9": false,
	} {
		if got := resize.NeedsLook(parse(t, ops)); got != want {
			t.Errorf("%s: %t", ops, got)
		}
	}
}

// What is upright is what is looked at.
func TestResolveLookIsUpright(t *testing.T) {
	t.Parallel()
	h := photo(800, 600)
	h.Orientation = 6
	seen := resize.ResolveLook(h, parse(t, "trim"), resize.Rect{Width: 600, Height: 800}, 0, 0)
	if seen.Crop.Set() {
		t.Errorf("all of it is cropped to %v", seen)
	}
}

func TestRegion(t *testing.T) {
	t.Parallel()
	h := photo(800, 600)
	for ops, want := range map[string]resize.Rect{
		"200x":                    {Width: 800, Height: 600},
		"crop_10_20_30_40":        {Left: 10, Top: 20, Width: 30, Height: 40},
		"crop_50p_0_50p_100p":     {Left: 400, Width: 400, Height: 600},
		"crop_700_500_9999_9999":  {Left: 700, Top: 500, Width: 100, Height: 100},
		"crop_10_20_30_40,trim_5": {Left: 10, Top: 20, Width: 30, Height: 40},
	} {
		if got, err := resize.Region(h, parse(t, ops)); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", ops, got, err, want)
		}
	}
	if _, err := resize.Region(h, parse(t, "crop_800_0_9_9")); !errors.Is(err, variant.ErrOptions) {
		t.Errorf("outside: %v", err)
	}
}
