package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "golang.org/x/image/webp"
)

// decodeSize decodes all of a picture and returns its sides.
func decodeSize(body []byte) (w, h int, err error) {
	m, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return 0, 0, fmt.Errorf("an answer of %d bytes does not decode: %w", len(body), err)
	}
	return m.Bounds().Dx(), m.Bounds().Dy(), nil
}

// size decodes a picture and returns its sides and format.
func size(t testing.TB, body []byte) (w, h int, format string) {
	t.Helper()
	w, h, err := decodeSize(body)
	if err != nil {
		t.Error(err)
		return 0, 0, ""
	}
	_, format, _ = image.DecodeConfig(bytes.NewReader(body))
	return w, h, format
}

func wantPicture(t testing.TB, r response, w, h int, format string) {
	t.Helper()
	if r.status != http.StatusOK {
		t.Errorf("status %d: %s", r.status, r.body)
		return
	}
	if gotW, gotH, got := size(t, r.body); gotW != w || gotH != h || got != format {
		t.Errorf("got %dx%d %s, want %dx%d %s", gotW, gotH, got, w, h, format)
	}
	if got := r.header.Get("Content-Type"); got != "image/"+format {
		t.Errorf("Content-Type %q, want image/%s", got, format)
	}
}

func wantCache(t testing.TB, r response, want string) {
	t.Helper()
	if got := r.header.Get("Cache-Status"); got != want {
		t.Errorf("Cache-Status %q, want %q", got, want)
	}
}

const (
	missStored = "thumbery;fwd=miss;stored;detail=disk"
	hitMemory  = "thumbery;hit;detail=memory"
	hitDisk    = "thumbery;hit;detail=disk"
)

func TestSizesAndFormats(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir(), "--svg")
	tests := []struct {
		path, accept string
		w, h         int
		format       string
	}{
		{"/300x200/photos/cat.jpg", "", 300, 200, "jpeg"},
		{"/300x/photos/cat.jpg", "", 300, 375, "jpeg"},
		{"/x200/photos/cat.jpg", "", 160, 200, "jpeg"},
		{"/300x200,dpr_2/photos/cat.jpg", "", 600, 400, "jpeg"},
		{"/5000x5000/photos/cat.jpg", "", 1600, 1600, "jpeg"},
		{"/2000x2500,up_1/photos/cat.jpg", "", 2000, 2500, "jpeg"},
		{"/300x300,fit_inside/photos/cat.jpg", "", 240, 300, "jpeg"},
		{"/300x300,fit_outside/photos/cat.jpg", "", 300, 375, "jpeg"},
		{"/300x300,fit_contain,bg_000000/photos/cat.jpg", "", 300, 300, "jpeg"},
		{"/300x100,fit_fill/photos/cat.jpg", "", 300, 100, "jpeg"},
		{"/100x100,crop_10p_10p_50p_40p/photos/cat.jpg", "", 100, 100, "jpeg"},
		{"/200x,f_webp/photos/coast.jpg", "", 200, 133, "webp"},
		{"/200x,f_png/photos/coast.jpg", "", 200, 133, "png"},
		{"/200x,f_gif/photos/coast.jpg", "", 200, 133, "gif"},
		{"/200x/photos/logo.png", "", 200, 200, "png"},
		{"/200x,f_jpeg/photos/logo.png", "", 200, 200, "jpeg"},
		{"/200x,f_auto/photos/logo.png", "image/*", 200, 200, "png"},
		{"/200x,f_auto/photos/coast.jpg", "", 200, 133, "jpeg"},
		{"/200x,f_auto/photos/coast.jpg", "image/webp,*/*", 200, 133, "webp"},
		{"/200x,f_auto/photos/lake.jpg", "image/webp;q=0,*/*", 200, 133, "jpeg"},
		{"/64x/odd/animated.gif", "", 64, 48, "gif"},
		{"/64x/odd/alpha.webp", "", 64, 64, "webp"},
		{"/600x/odd/viewbox.svg", "", 600, 300, "png"},
		{"/100x/odd/16bit.png", "", 100, 75, "png"},
		{"/100x/odd/cmyk.jpg", "", 100, 67, "jpeg"},
		{"/1x1/odd/1x1.png", "", 1, 1, "png"},
		{"/200x200,fit_inside/odd/wide.png", "", 200, 1, "png"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			r := get(t, s.url+tt.path, "Accept", tt.accept)
			wantPicture(t, r, tt.w, tt.h, tt.format)
			wantCache(t, r, missStored)
			again := get(t, s.url+tt.path, "Accept", tt.accept)
			wantCache(t, again, hitMemory)
			if !bytes.Equal(again.body, r.body) || again.header.Get("ETag") != r.header.Get("ETag") {
				t.Error("the hit is not what the miss was")
			}
		})
	}
	avif := get(t, s.url+"/200x,f_auto/photos/coast.jpg", "Accept", "image/avif,image/webp,*/*")
	if avif.header.Get("Content-Type") != "image/avif" || !bytes.Contains(avif.body[:32], []byte("ftypavif")) {
		t.Errorf("f_auto for AVIF: %s", avif.header.Get("Content-Type"))
	}
}

func TestOrientations(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir())
	upright := decode(t, get(t, s.url+"/120x90,g_nw,f_png/odd/orientation-1.jpg").body)
	for _, n := range []string{"2", "3", "4", "5", "6", "7", "8"} {
		m := decode(t, get(t, s.url+"/120x90,g_nw,f_png/odd/orientation-"+n+".jpg").body)
		if d := meanDifference(upright, m); d > 6 {
			t.Errorf("orientation %s differs from 1 by %.1f of 255 on average", n, d)
		}
	}
}

func decode(t *testing.T, body []byte) image.Image {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%v: %.200s", err, body)
	}
	return m
}

// meanDifference is the mean absolute difference of all channels; 255 for
// pictures of different sizes.
func meanDifference(a, b image.Image) float64 {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 255
	}
	var sum float64
	bounds := a.Bounds()
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			for _, d := range []int{int(r1) - int(r2), int(g1) - int(g2), int(b1) - int(b2)} {
				sum += float64(max(d, -d)) / 257
			}
		}
	}
	return sum / float64(3*bounds.Dx()*bounds.Dy())
}

// Bad input of each kind has its status and a problem document, is not kept as
// a picture, and leaves the service running.
func TestBadInput(t *testing.T) {
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache, "--svg")
	tests := []struct {
		path   string
		status int
		kind   string
		detail string
	}{
		{"/300x/odd/truncated.jpg", 422, "broken-picture", ""},
		{"/300x/odd/truncated.png", 422, "broken-picture", ""},
		{"/300x/odd/truncated.webp", 422, "broken-picture", ""},
		{"/300x/odd/truncated.gif", 422, "broken-picture", ""},
		{"/300x/odd/empty.jpg", 422, "broken-picture", ""},
		{"/300x/odd/text.jpg", 415, "not-a-picture", ""},
		{"/300x/odd/html.jpg", 415, "not-a-picture", ""},
		{"/300x/odd/bomb.png", 422, "too-many-pixels", ""},
		{"/300x/odd/pages.pdf", 415, "not-a-picture", ""},
		{"/300x/odd/missing.jpg", 404, "not-found", ""},
		{"/300x/odd", 404, "not-found", ""},
		{"/info/odd/text.jpg", 415, "not-a-picture", ""},
		{"/info/odd/truncated.jpg", 422, "broken-picture", ""},
		{"/raw/odd/missing.jpg", 404, "not-found", ""},
		{"/300x/odd/1x1.jpg/more", 404, "not-found", ""},
		{"/16000x16000,up_1/odd/1x1.jpg", 422, "too-many-pixels", ""},
		{"/300x,blurr_3/odd/gray.jpg", 400, "bad-options", `option "blurr_3": is unknown; did you mean "blur_3"?`},
		{"/300x,wm_logo/odd/gray.jpg", 400, "bad-options", "is no watermark of this server"},
		{"/300x,page_2/odd/gray.jpg", 400, "bad-options", "is not there"},
		{"/300x,page_13/odd/animated.gif", 400, "bad-options", "is not there"},
		{"/300x,lossless/odd/gray.jpg", 400, "bad-options", `did you mean "lossless,f_webp"?`},
		{"/300x,bytes_100/photos/cat.jpg", 422, "does-not-fit", "the smallest has "},
		{"/300x/odd/laughs.svg", 422, "broken-picture", ""},
		{"/300x/odd/scans.jpg", 422, "too-many-pixels", ""},
		{"/300/odd/gray.jpg", 400, "bad-options", `did you mean "300x"?`},
		{"/300x/", 400, "bad-key", "names no picture"},
		{"/300x", 400, "bad-key", "names no picture"},
		{"/", 400, "bad-key", "/300x200/path/of/picture.jpg"},
		{"/300x/odd//gray.jpg", 400, "bad-key", "empty segment"},
		{"/300x/odd/%2e%2e/odd/gray.jpg", 400, "bad-key", `segment ".."`},
		{"/300x/odd/a%00b", 400, "bad-key", "control character"},
		{"/300x/odd/%ff", 400, "bad-key", "UTF-8"},
		{"/300x/" + strings.Repeat("k", 1025), 400, "bad-key", "1025 bytes"},
	}
	for _, tt := range tests {
		for range 2 { // the second time must be no different
			r := get(t, s.url+tt.path)
			wantProblem(t, tt.path, r, tt.status, tt.kind, tt.detail)
		}
	}
	if kept := files(t, filepath.Join(cache, "derivatives")); len(kept) > 0 {
		t.Errorf("kept as derivatives: %v", kept)
	}
	for _, left := range files(t, filepath.Join(cache, "tmp")) {
		t.Errorf("left in tmp: %s", left)
	}
	wantPicture(t, get(t, s.url+"/300x/odd/trailing.jpg"), 300, 200, "jpeg")
	if got := get(t, s.url+"/raw/odd/text.jpg"); got.status != 200 || got.header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("raw text: %d %v", got.status, got.header)
	}
}

func wantProblem(t *testing.T, path string, r response, status int, kind, detail string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Option string
		Status                      int
		RequestID                   string `json:"request_id"`
	}
	err := json.Unmarshal(r.body, &p)
	if err != nil || r.status != status || p.Status != status || p.Type != "urn:thumbery:"+kind || !strings.Contains(p.Detail, detail) {
		t.Errorf("%s: %d %s, %v\nwant %d %s …%s…", path, r.status, r.body, err, status, kind, detail)
	}
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s: Content-Type %q", path, got)
	}
	if p.RequestID == "" || p.RequestID != r.header.Get("X-Request-Id") {
		t.Errorf("%s: request id %q, in the header %q", path, p.RequestID, r.header.Get("X-Request-Id"))
	}
	want := "public, max-age=60"
	if status >= 500 || status == 403 || kind == "quarantined" {
		want = "no-store"
	}
	if got := r.header.Get("Cache-Control"); got != want {
		t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What is damaged in the cache behind our back is a miss, and made again.
func TestDamagedCache(t *testing.T) {
	cache := t.TempDir()
	args := []string{"--source", "/=file:" + testdata(t), "--cache", cache}
	s := serve(t, args...)
	const path = "/300x200/photos/cat.jpg"
	good := get(t, s.url+path)
	s.stop(t)
	for _, damage := range []string{"empty", "short", "not a picture"} {
		for _, tier := range []string{"originals", "derivatives"} {
			for _, file := range files(t, filepath.Join(cache, tier)) {
				body := read(t, file)
				switch {
				case damage == "empty":
					body = nil
				case damage == "short":
					body = body[:len(body)*2/3]
				case tier == "originals":
					continue // any bytes may be an original
				default:
					body = []byte(damage)
				}
				if err := os.WriteFile(file, body, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		s := serve(t, args...)
		r := get(t, s.url+path)
		wantCache(t, r, missStored)
		if !bytes.Equal(r.body, good.body) {
			t.Errorf("after damage %q the picture is another", damage)
		}
		wantCache(t, get(t, s.url+path), hitMemory)
		s.stop(t)
	}
}
