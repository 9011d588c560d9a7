package info

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/thumbery/thumbery/resize"
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
	} {
		src := read(t, name)
		h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, location := range []bool{false, true} {
			var doc Document
			_ = doc.addMetadata(resize.InMemory(src), h, location)
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
			_ = doc.addMetadata(resize.InMemory(damaged), h, true)
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

// dying is a file whose disk fails once its first bytes were read.
type dying struct{ io.ReaderAt }

func (d dying) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > 16 {
		return 0, iotest.ErrTimeout
	}
	return d.ReaderAt.ReadAt(p, at)
}

// Metadata that cannot be read are not missing.
func TestUnreadableMetadata(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"odd/exif.jpg", "odd/p3.jpg"} {
		src := read(t, name)
		h, err := header.Inspect(t.Context(), bytes.NewReader(src), int64(len(src)), header.AllFormats)
		if err != nil {
			t.Fatal(err)
		}
		var doc Document
		failing := resize.Source{At: dying{bytes.NewReader(src)}, Size: int64(len(src))}
		if err := doc.addMetadata(failing, h, false); !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
