package main

import (
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

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
