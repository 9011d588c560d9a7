package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/info"
)

// document asks for JSON about a picture.
func document(t *testing.T, s *server, path string) (response, info.Document) {
	t.Helper()
	r := get(t, s.url+path)
	var d info.Document
	if err := json.Unmarshal(r.body, &d); r.status != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %s", path, r.status, r.body)
	}
	if got := r.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s: Content-Type %q", path, got)
	}
	return r, d
}

// near reports whether two colours "#rrggbb" differ by at most so much in each
// channel.
func near(a, b string, most float64) bool {
	parse := func(s string) (c [3]uint8) {
		_, _ = fmt.Sscanf(s, "#%02x%02x%02x", &c[0], &c[1], &c[2])
		return c
	}
	x, y := parse(a), parse(b)
	for i := range x {
		if math.Abs(float64(x[i])-float64(y[i])) > most {
			return false
		}
	}
	return len(a) == 7 && len(b) == 7
}

func TestInfo(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir())
	for _, tt := range []struct {
		path    string
		header  string // width, height, format, orientation, alpha, pages
		average string
		color   string // one of them; for some
		w, h    int    // of the placeholder
	}{
		{"photos/cat.jpg", "1600 2000 jpeg 1 false 1", "#a3906b", "", 19, 24},
		{"photos/logo.png", "1000 1000 png 1 true 1", "#5d96aa", "#ec7d3c", 24, 24},
		{"odd/orientation-6.jpg", "480 320 jpeg 6 false 1", "#b1b7bb", "#cbdbe5", 24, 16},
		{"odd/photo.avif", "1600 2000 avif 1 false 1", "#a3906b", "", 19, 24},
		{"odd/animated.gif", "192 144 gif 1 true 12", "#99beca", "", 24, 18},
		{"odd/animated.webp", "192 144 webp 1 true 12", "#9cbdc6", "", 24, 18},
		{"odd/p3.jpg", "384 288 jpeg 1 false 1", "#565555", "#ff0100", 24, 18},
		{"odd/16bit.png", "256 192 png 1 false 1", "#7f7f80", "", 24, 18},
		{"odd/cmyk.jpg", "480 320 jpeg 1 false 1", "#b0b1b8", "", 24, 16},
		{"odd/wide.png", "8000 3 png 1 false 1", "#6c70a2", "", 24, 1},
		{"odd/1x1.png", "1 1 png 1 false 1", "#c85028", "#c85028", 1, 1},
	} {
		r, d := document(t, s, "/info/"+tt.path)
		if got := fmt.Sprint(d.Width, d.Height, " ", d.Format, " ", d.Orientation, d.Alpha, d.Pages); got != tt.header {
			t.Errorf("%s: %s, want %s", tt.path, got, tt.header)
		}
		if !near(d.Average, tt.average, 6) {
			t.Errorf("%s: is %s on average, want %s", tt.path, d.Average, tt.average)
		}
		if !anyNear(d.Colors, tt.color) {
			t.Errorf("%s: is of %v, want %s among them", tt.path, d.Colors, tt.color)
		}
		m := placeholder(t, d)
		if m.Bounds().Dx() != tt.w || m.Bounds().Dy() != tt.h {
			t.Errorf("%s: the placeholder is %v, want %dx%d", tt.path, m.Bounds(), tt.w, tt.h)
		}
		if _, _, _, a := m.At(0, 0).RGBA(); tt.path == "photos/logo.png" && a > 0x1000 {
			t.Errorf("the logo's placeholder is not transparent in its corner: %x", a)
		}
		if len(r.body) > 2500 {
			t.Errorf("%s: %d bytes", tt.path, len(r.body))
		}
	}
}

func anyNear(colors []info.Color, want string) bool {
	if want == "" {
		return len(colors) > 0
	}
	for _, c := range colors {
		if near(c.Color, want, 10) {
			return true
		}
	}
	return false
}

func placeholder(t *testing.T, d info.Document) image.Image {
	t.Helper()
	_, body, _ := strings.Cut(d.Placeholder, ";base64,")
	b, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", d.Placeholder, err)
	}
	return m
}

// Where a picture was taken is told to those who ask for it.
func TestInfoMetadata(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir())
	for _, name := range []string{"exif.jpg", "exif.png", "exif.webp", "exif.avif"} {
		r, d := document(t, s, "/info/odd/"+name)
		if d.Taken != "2024-07-14T09:30:15+02:00" || d.Camera == nil || *d.Camera != (info.Camera{Make: "Thumbery", Model: "Obscura 1"}) {
			t.Errorf("%s: %s", name, r.body)
		}
		if bytes.Contains(r.body, []byte("latitude")) {
			t.Errorf("%s tells where, unasked: %s", name, r.body)
		}
		r, d = document(t, s, "/info_gps/odd/"+name)
		if d.Location == nil || *d.Location != (info.Location{Latitude: 47.376806, Longitude: -8.54}) {
			t.Errorf("%s does not tell where: %s", name, r.body)
		}
	}
	if r, d := document(t, s, "/info/odd/p3.jpg"); d.Profile != "Display P3" {
		t.Errorf("%s", r.body)
	}
}

// JSON is kept as pictures are: in memory, on disk, over restarts.
func TestInfoIsKept(t *testing.T) {
	cache := t.TempDir()
	args := []string{"--source", "/=file:" + testdata(t), "--cache", cache}
	s := serve(t, args...)
	first, _ := document(t, s, "/info/photos/cat.jpg")
	wantCache(t, first, missStored)
	again, _ := document(t, s, "/info/photos/cat.jpg")
	wantCache(t, again, hitMemory)
	gps, _ := document(t, s, "/info_gps/photos/cat.jpg")
	wantCache(t, gps, missStored)
	if r := get(t, s.url+"/info/photos/cat.jpg", "If-None-Match", first.header.Get("ETag")); r.status != http.StatusNotModified {
		t.Errorf("not changed: %d", r.status)
	}

	s = serve(t, args...)
	kept, _ := document(t, s, "/info/photos/cat.jpg")
	wantCache(t, kept, hitDisk)
	if !bytes.Equal(kept.body, first.body) || !bytes.Equal(again.body, first.body) {
		t.Errorf("%s is now %s", first.body, kept.body)
	}
	if kept.header.Get("ETag") != first.header.Get("ETag") || gps.header.Get("ETag") == first.header.Get("ETag") {
		t.Errorf("tags: %q, %q, and with the place %q", first.header["Etag"], kept.header["Etag"], gps.header["Etag"])
	}
	if r := ask(t, http.MethodDelete, s.admin+"/cache/photos/cat.jpg"); !bytes.Contains(r.body, []byte(`"derivatives":2`)) {
		t.Errorf("forgetting it: %d %s", r.status, r.body)
	}
	anew, _ := document(t, s, "/info/photos/cat.jpg")
	wantCache(t, anew, missStored)
}
