package main

import (
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

func TestAutoFlag(t *testing.T) {
	for s, want := range map[string][]variant.Format{
		"avif,webp": {variant.AVIF, variant.WebP}, "webp": {variant.WebP}, "none": {},
	} {
		var a autoFlag
		if err := a.UnmarshalText([]byte(s)); err != nil || a.formats == nil || !slices.Equal(a.formats, want) {
			t.Errorf("%s: %v, %v", s, a.formats, err)
		}
	}
	for _, s := range []string{"", "jpeg", "avif,", "none,webp", "auto", "WEBP"} {
		if err := new(autoFlag).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}

func TestCheckPresets(t *testing.T) {
	s := resize.Settings{
		Watermarks: map[string]string{"logo": "1"},
		CanWrite:   func(f variant.Format) bool { return f != variant.AVIF },
	}
	for preset, ok := range map[string]bool{
		"a=300x,wm_logo": true, "a=300x,wm_other": false, "a=f_avif": false, "a=f_auto": true, "a=f_webp": true, "a=rot_90": true,
	} {
		p := variant.Presets{}
		if err := p.Add(preset); err != nil {
			t.Fatal(err)
		}
		if err := checkPresets(p, s); (err == nil) != ok {
			t.Errorf("%s: %v", preset, err)
		}
	}
}
