package watermark

import (
	"reflect"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/variant"
)

func TestUnmarshalText(t *testing.T) {
	t.Parallel()
	white := variant.Color{R: 255, G: 255, B: 255, A: 255, Set: true}
	for s, want := range map[string]Watermark{
		"logo=/etc/logo.png": {
			Name: "logo", Gravity: variant.GravitySE, Opacity: 1, File: "/etc/logo.png",
		},
		"my_logo.2=a=b.svg,g_nw,opacity_50,scale_25,margin_10": {
			Name: "my_logo.2", Gravity: variant.GravityNW, Opacity: 0.5, Scale: 0.25, Margin: 10, File: "a=b.svg",
		},
		"all=x.png,tile,g_center": {
			Name: "all", Gravity: variant.GravityCenter, Opacity: 1, Tile: true, File: "x.png",
		},
		"c=text:© Example": {
			Name: "c", Gravity: variant.GravitySE, Opacity: 1, Text: "© Example", Font: "sans", Color: white,
		},
		"c=text:One, two, g_three,font_serif bold 12,color_ff0000,scale_100": {
			Name: "c", Gravity: variant.GravitySE, Opacity: 1, Scale: 1, Text: "One, two, g_three", Font: "serif bold 12",
			Color: variant.Color{R: 255, A: 255, Set: true},
		},
	} {
		var got Watermark
		if err := got.UnmarshalText([]byte(s)); err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", s, got, want)
		}
	}
	for s, reason := range map[string]string{
		"": "not of the form", "logo": "not of the form", "logo=": "not of the form", "logo=,tile": "not of the form",
		"=x.png": "the name", "Logo=x.png": "the name", "a,b=x.png": "the name", "a b=x.png": "the name",
		"a=x.png,g_smart": "must be one of center", "a=x.png,g_": "must be one of center",
		"a=x.png,opacity_0": "from 1 to 100", "a=x.png,opacity_101": "from 1 to 100", "a=x.png,scale_x": "from 1 to 100",
		"a=x.png,margin_-1": "from 0 to 1000", "a=x.png,tile_2": "takes no value", "a=x.png,tile,tile": "twice",
		"a=x.png,font_sans": "for text:", "a=x.png,color_000000": "for text:", "a=x.png,rot_90": "none of g_",
		"a=text:": "no words", "a=text: ,tile": "no words", "a=text:x,color_fff": "RRGGBB", "a=text:x,color_ffffff80": "RRGGBB",
		"a=text:x,font_": "needs a name",
	} {
		var got Watermark
		if err := got.UnmarshalText([]byte(s)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %+v, %v, want %q", s, got, err, reason)
		}
	}
}

func FuzzUnmarshalText(f *testing.F) {
	f.Add("logo=/etc/logo.png,g_se,opacity_50,scale_25,margin_10,tile")
	f.Add("c=text:a, b,font_sans,color_ffffff")
	f.Fuzz(func(t *testing.T, s string) {
		var w Watermark
		if w.UnmarshalText([]byte(s)) != nil {
			return
		}
		if (w.File == "") == (w.Text == "") || w.Opacity <= 0 || w.Opacity > 1 || w.Scale < 0 || w.Scale > 1 || w.Margin < 0 {
			t.Errorf("%q gives %+v", s, w)
		}
		if v, err := variant.Parse("wm_" + w.Name); err != nil || v.Watermark != w.Name {
			t.Errorf("%q: the name %q cannot be in a URL", s, w.Name)
		}
	})
}

// Everything that changes how a watermark looks changes its fingerprint.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, w := range []Watermark{
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
		seen[w.Fingerprint()] = true
	}
	if len(seen) != 11 {
		t.Errorf("11 watermarks have %d fingerprints", len(seen))
	}
	// Derivatives that an older version cached stay in use.
	w := Watermark{Name: "logo", File: "logo.png", Image: []byte{1, 2}, Gravity: variant.GravitySE, Opacity: 0.5}
	if got := w.Fingerprint(); got != "7b05d63b010015c4b296c442" {
		t.Errorf("the fingerprint is %s", got)
	}
}
