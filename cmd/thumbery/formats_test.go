package main

import (
	"io"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

func TestFormatFlags(t *testing.T) {
	for args, want := range map[string]resize.Formats{
		"":                                  resize.DefaultFormats,
		"--svg":                             resize.DefaultFormats.With(variant.SVG),
		"--no-svg":                          resize.DefaultFormats,
		"--svg --jp2 --pdf":                 resize.AllFormats,
		"--formats jpeg --jp2":              resize.FormatsOf(variant.JPEG, variant.JP2),
		"--formats png,svg,pdf":             resize.FormatsOf(variant.PNG, variant.SVG, variant.PDF),
		"--formats heic --no-pdf --no-jp2":  resize.FormatsOf(variant.HEIC),
		"--formats=jpeg,png --formats=webp": resize.FormatsOf(variant.WebP),
	} {
		var f formatFlags
		parser := kong.Must(&f, kong.Writers(io.Discard, io.Discard))
		if _, err := parser.Parse(strings.Fields(args)); err != nil || f.set() != want {
			t.Errorf("%s: %s, %v, want %s", args, f.set(), err, want)
		}
	}
	for _, s := range []string{"", "jpg", "jpeg,", "JPEG", "jpeg png", "auto", "keep", "all"} {
		if err := new(formatsFlag).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}
