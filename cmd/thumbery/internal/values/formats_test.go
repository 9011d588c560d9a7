package values

import (
	"slices"
	"testing"

	"github.com/thumbery/thumbery/variant"
)

func TestAuto(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]variant.Format{
		"avif,webp": {variant.AVIF, variant.WebP}, "webp": {variant.WebP}, "none": {}, "webp,avif,jxl": {variant.WebP, variant.AVIF, variant.JXL},
	} {
		var a Auto
		if err := a.UnmarshalText([]byte(s)); err != nil || a.Formats == nil || !slices.Equal(a.Formats, want) {
			t.Errorf("%s: %v, %v", s, a.Formats, err)
		}
	}
	for _, s := range []string{"", "jpeg", "avif,", "none,webp", "auto", "WEBP"} {
		if err := new(Auto).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "jpg", "jpeg,", "JPEG", "jpeg png", "auto", "keep", "all"} {
		if err := new(Formats).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}
