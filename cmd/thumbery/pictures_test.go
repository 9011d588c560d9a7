package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/variant"
)

func TestWatermarkFlag(t *testing.T) {
	white := variant.Color{R: 255, G: 255, B: 255, A: 255, Set: true}
	for s, want := range map[string]markFlag{
		"logo=/etc/logo.png": {
			vips.Watermark{Name: "logo", Gravity: variant.GravitySE, Opacity: 1}, "/etc/logo.png",
		},
		"my_logo.2=a=b.svg,g_nw,opacity_50,scale_25,margin_10": {
			vips.Watermark{Name: "my_logo.2", Gravity: variant.GravityNW, Opacity: 0.5, Scale: 0.25, Margin: 10}, "a=b.svg",
		},
		"all=x.png,tile,g_center": {
			vips.Watermark{Name: "all", Gravity: variant.GravityCenter, Opacity: 1, Tile: true}, "x.png",
		},
		"c=text:© Example": {
			vips.Watermark{Name: "c", Gravity: variant.GravitySE, Opacity: 1, Text: "© Example", Font: "sans", Color: white}, "",
		},
		"c=text:One, two, g_three,font_serif bold 12,color_ff0000,scale_100": {
			vips.Watermark{
				Name: "c", Gravity: variant.GravitySE, Opacity: 1, Scale: 1, Text: "One, two, g_three", Font: "serif bold 12",
				Color: variant.Color{R: 255, A: 255, Set: true},
			}, "",
		},
	} {
		var got markFlag
		if err := got.UnmarshalText([]byte(s)); err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got.file != want.file || fingerprint(got.Watermark) != fingerprint(want.Watermark) {
			t.Errorf("%s: %+v, want %+v", s, got, want)
		}
	}
	for s, reason := range map[string]string{
		"": "not of the form", "logo": "not of the form", "logo=": "not of the form",
		"=x.png": "the name", "Logo=x.png": "the name", "a,b=x.png": "the name", "a b=x.png": "the name",
		"a=x.png,g_smart": "must be one of center", "a=x.png,g_": "must be one of center",
		"a=x.png,opacity_0": "from 1 to 100", "a=x.png,opacity_101": "from 1 to 100", "a=x.png,scale_x": "from 1 to 100",
		"a=x.png,margin_-1": "from 0 to 1000", "a=x.png,tile_2": "takes no value", "a=x.png,tile,tile": "twice",
		"a=x.png,font_sans": "for text:", "a=x.png,color_000000": "for text:", "a=x.png,rot_90": "none of g_",
		"a=text:": "no words", "a=text: ,tile": "no words", "a=text:x,color_fff": "RRGGBB", "a=text:x,color_ffffff80": "RRGGBB",
		"a=text:x,font_": "needs a name",
	} {
		var got markFlag
		if err := got.UnmarshalText([]byte(s)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %+v, %v, want %q", s, got, err, reason)
		}
	}
}

func FuzzWatermarkFlag(f *testing.F) {
	f.Add("logo=/etc/logo.png,g_se,opacity_50,scale_25,margin_10,tile")
	f.Add("c=text:a, b,font_sans,color_ffffff")
	f.Fuzz(func(t *testing.T, s string) {
		var m markFlag
		if m.UnmarshalText([]byte(s)) != nil {
			return
		}
		if (m.file == "") == (m.Text == "") || m.Opacity <= 0 || m.Opacity > 1 || m.Scale < 0 || m.Scale > 1 || m.Margin < 0 {
			t.Errorf("%q gives %+v", s, m)
		}
		if v, err := variant.Parse("wm_" + m.Name); err != nil || v.Watermark != m.Name {
			t.Errorf("%q: the name %q cannot be in a URL", s, m.Name)
		}
	})
}

// Everything that changes how a watermark looks changes its fingerprint.
func TestFingerprint(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range []vips.Watermark{
		{},
		{Image: []byte{1}},
		{Image: []byte{2}},
		{Text: "a"},
		{Font: "a"},
		{Color: variant.Color{R: 1}},
		{Gravity: variant.GravityN},
		{Opacity: 0.5},
		{Scale: 0.5},
		{Tile: true},
		{Margin: 1},
	} {
		seen[fingerprint(w)] = true
	}
	if len(seen) != 11 {
		t.Errorf("11 watermarks have %d fingerprints", len(seen))
	}
}

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
