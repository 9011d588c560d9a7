package serve

import (
	"bytes"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	_ "golang.org/x/image/webp"
)

func TestSizesAndFormats(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--svg")
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
			r := e2e.Get(t, s.URL+tt.path, "Accept", tt.accept)
			e2e.WantPicture(t, r, tt.w, tt.h, tt.format)
			e2e.WantCache(t, r, e2e.MissStored)
			again := e2e.Get(t, s.URL+tt.path, "Accept", tt.accept)
			e2e.WantCache(t, again, e2e.HitMemory)
			if !bytes.Equal(again.Body, r.Body) || again.Header.Get("ETag") != r.Header.Get("ETag") {
				t.Error("the hit is not what the miss was")
			}
		})
	}
	avif := e2e.Get(t, s.URL+"/200x,f_auto/photos/coast.jpg", "Accept", "image/avif,image/webp,*/*")
	if avif.Header.Get("Content-Type") != "image/avif" || !bytes.Contains(avif.Body[:32], []byte("ftypavif")) {
		t.Errorf("f_auto for AVIF: %s", avif.Header.Get("Content-Type"))
	}
	for path, accept := range map[string]string{"/200x,f_jxl/photos/coast.jpg": "", "/210x,f_auto/photos/coast.jpg": "image/webp,image/jxl,*/*"} {
		jxl := e2e.Get(t, s.URL+path, "Accept", accept)
		if jxl.Header.Get("Content-Type") != "image/jxl" || !bytes.Contains(jxl.Body[:32], []byte("ftypjxl ")) {
			t.Errorf("%s: %d %s", path, jxl.Status, jxl.Header.Get("Content-Type"))
		}
	}
}

func TestOrientations(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	upright := decode(t, e2e.Get(t, s.URL+"/120x90,g_nw,f_png/odd/orientation-1.jpg").Body)
	for _, n := range []string{"2", "3", "4", "5", "6", "7", "8"} {
		m := decode(t, e2e.Get(t, s.URL+"/120x90,g_nw,f_png/odd/orientation-"+n+".jpg").Body)
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

// meanDifference is the mean absolute difference over all channels; 255 for pictures of
// different sizes.
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

// Every kind of bad input has its status and a problem document, is not cached as a
// picture, and does not stop the service.
func TestBadInput(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--svg")
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
			r := e2e.Get(t, s.URL+tt.path)
			e2e.WantProblem(t, tt.path, r, tt.status, tt.kind, tt.detail)
		}
	}
	if kept := e2e.Files(t, filepath.Join(cache, "derivatives")); len(kept) > 0 {
		t.Errorf("kept as derivatives: %v", kept)
	}
	for _, left := range e2e.Files(t, filepath.Join(cache, "tmp")) {
		t.Errorf("left in tmp: %s", left)
	}
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/300x/odd/trailing.jpg"), 300, 200, "jpeg")
	if got := e2e.Get(t, s.URL+"/raw/odd/text.jpg"); got.Status != 200 || got.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("raw text: %d %v", got.Status, got.Header)
	}
}

// Files damaged in the cache are misses and are made again.
func TestDamagedCache(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	args := []string{"--source", "/=file:" + e2e.Testdata(t), "--cache", cache}
	s := e2e.Serve(t, args...)
	const path = "/300x200/photos/cat.jpg"
	good := e2e.Get(t, s.URL+path)
	s.Stop(t)
	for _, damage := range []string{"empty", "short", "not a picture"} {
		for _, tier := range []string{"originals", "derivatives"} {
			for _, file := range e2e.Files(t, filepath.Join(cache, tier)) {
				body := e2e.Read(t, file)
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
		s := e2e.Serve(t, args...)
		r := e2e.Get(t, s.URL+path)
		e2e.WantCache(t, r, e2e.MissStored)
		if !bytes.Equal(r.Body, good.Body) {
			t.Errorf("after damage %q the picture is another", damage)
		}
		e2e.WantCache(t, e2e.Get(t, s.URL+path), e2e.HitMemory)
		s.Stop(t)
	}
}
