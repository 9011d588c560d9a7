package info

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
)

func TestMetadata(t *testing.T) {
	t.Parallel()
	const (
		taken  = `"taken":"2024-07-14T09:30:15+02:00","camera":{"make":"Thumbery","model":"Obscura 1"}`
		placed = taken + `,"location":{"latitude":47.376806,"longitude":-8.54}`
	)
	for name, want := range map[string][2]string{
		"odd/exif.jpg":      {taken, placed},
		"odd/exif.png":      {taken, placed},
		"odd/exif.webp":     {taken, placed},
		"odd/exif.avif":     {taken, placed},
		"odd/exif.heic":     {taken, placed},
		"odd/p3.jpg":        {`"profile":"Display P3"`, `"profile":"Display P3"`},
		"odd/adobe-rgb.jpg": {`"profile":"Adobe RGB (1998)"`, `"profile":"Adobe RGB (1998)"`},
		"odd/bad-icc.jpg":   {"", ""},
		"photos/cat.jpg":    {"", ""},
		"odd/drawing.svg":   {"", ""},
	} {
		src := read(t, name)
		h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, location := range []bool{false, true} {
			var doc Document
			doc.addMetadata(src, h, location)
			text, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(text), `"pages":0,`)
			if got, _, _ := strings.Cut(rest, `"colors":`); strings.TrimSuffix(got, ",") != want[i] {
				t.Errorf("%s, location %v: %s, want %s", name, location, got, want[i])
			}
		}
	}
}

// Damaged metadata give neither long texts nor control characters.
func TestMetadataIsBounded(t *testing.T) {
	t.Parallel()
	src := read(t, "odd/exif.jpg")
	h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
	if err != nil {
		t.Fatal(err)
	}
	for i := range min(len(src), 2048) {
		for _, b := range []byte{0x00, 0x1b, 0xff} {
			damaged := bytes.Clone(src)
			damaged[i] = b
			var doc Document
			doc.addMetadata(damaged, h, true)
			text := doc.Profile + doc.Taken
			if doc.Camera != nil {
				text += doc.Camera.Make + doc.Camera.Model
			}
			if len(text) > 4*maxText || strings.ContainsAny(text, "\x00\x1b") {
				t.Fatalf("byte %d as %x: %q", i, b, text)
			}
			if _, err := json.Marshal(doc); err != nil {
				t.Fatalf("byte %d as %x: %s", i, b, fmt.Sprintf("%+v: %v", doc.Location, err))
			}
		}
	}
}
