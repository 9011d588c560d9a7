package serve

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

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/info"
)

// document requests JSON about a picture.
func document(t *testing.T, s *e2e.Server, path string) (e2e.Response, info.Document) {
	t.Helper()
	r := e2e.Get(t, s.URL+path)
	var d info.Document
	if err := json.Unmarshal(r.Body, &d); r.Status != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %s", path, r.Status, r.Body)
	}
	if got := r.Header.Get("Content-Type"); got != "application/json" {
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
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
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
		if len(r.Body) > 2500 {
			t.Errorf("%s: %d bytes", tt.path, len(r.Body))
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

// Coordinates are only given on request.
func TestInfoMetadata(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	for _, name := range []string{"exif.jpg", "exif.png", "exif.webp", "exif.avif"} {
		r, d := document(t, s, "/info/odd/"+name)
		if d.Taken != "2024-07-14T09:30:15+02:00" || d.Camera == nil || *d.Camera != (info.Camera{Make: "Thumbery", Model: "Obscura 1"}) {
			t.Errorf("%s: %s", name, r.Body)
		}
		if bytes.Contains(r.Body, []byte("latitude")) {
			t.Errorf("%s tells where, unasked: %s", name, r.Body)
		}
		r, d = document(t, s, "/info_gps/odd/"+name)
		if d.Location == nil || *d.Location != (info.Location{Latitude: 47.376806, Longitude: -8.54}) {
			t.Errorf("%s does not tell where: %s", name, r.Body)
		}
	}
	if r, d := document(t, s, "/info/odd/p3.jpg"); d.Profile != "Display P3" {
		t.Errorf("%s", r.Body)
	}
}

// JSON is cached like pictures: in memory, on disk, over restarts.
func TestInfoIsKept(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	args := []string{"--source", "/=file:" + e2e.Testdata(t), "--cache", cache}
	s := e2e.Serve(t, args...)
	first, _ := document(t, s, "/info/photos/cat.jpg")
	e2e.WantCache(t, first, e2e.MissStored)
	again, _ := document(t, s, "/info/photos/cat.jpg")
	e2e.WantCache(t, again, e2e.HitMemory)
	gps, _ := document(t, s, "/info_gps/photos/cat.jpg")
	e2e.WantCache(t, gps, e2e.MissStored)
	if r := e2e.Get(t, s.URL+"/info/photos/cat.jpg", "If-None-Match", first.Header.Get("ETag")); r.Status != http.StatusNotModified {
		t.Errorf("not changed: %d", r.Status)
	}

	s = e2e.Serve(t, args...)
	kept, _ := document(t, s, "/info/photos/cat.jpg")
	e2e.WantCache(t, kept, e2e.HitDisk)
	if !bytes.Equal(kept.Body, first.Body) || !bytes.Equal(again.Body, first.Body) {
		t.Errorf("%s is now %s", first.Body, kept.Body)
	}
	if kept.Header.Get("ETag") != first.Header.Get("ETag") || gps.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Errorf("tags: %q, %q, and with the GPS position %q", first.Header["Etag"], kept.Header["Etag"], gps.Header["Etag"])
	}
	if r := e2e.Ask(t, http.MethodDelete, s.Admin+"/cache/photos/cat.jpg"); !bytes.Contains(r.Body, []byte(`"derivatives":2`)) {
		t.Errorf("forgetting it: %d %s", r.Status, r.Body)
	}
	anew, _ := document(t, s, "/info/photos/cat.jpg")
	e2e.WantCache(t, anew, e2e.MissStored)
}
