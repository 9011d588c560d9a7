package settings

import (
	"io"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

func TestFormatFlags(t *testing.T) {
	for args, want := range map[string]header.Formats{
		"":                                  header.DefaultFormats,
		"--svg":                             header.DefaultFormats,
		"--no-svg":                          header.DefaultFormats.Without(variant.SVG),
		"--jp2 --pdf":                       header.AllFormats,
		"--formats png --svg":               header.FormatsOf(variant.PNG, variant.SVG),
		"--formats png,svg --no-svg":        header.FormatsOf(variant.PNG),
		"--formats jpeg --jp2":              header.FormatsOf(variant.JPEG, variant.JP2),
		"--formats png,svg,pdf":             header.FormatsOf(variant.PNG, variant.SVG, variant.PDF),
		"--formats heic --no-pdf --no-jp2":  header.FormatsOf(variant.HEIC),
		"--formats=jpeg,png --formats=webp": header.FormatsOf(variant.WebP),
	} {
		var f FormatFlags
		parser := kong.Must(&f, kong.Writers(io.Discard, io.Discard))
		if _, err := parser.Parse(strings.Fields(args)); err != nil || f.FormatSet() != want {
			t.Errorf("%s: %s, %v, want %s", args, f.FormatSet(), err, want)
		}
	}
}
