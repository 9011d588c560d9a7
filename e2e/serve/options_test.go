package serve

import (
	"bytes"
	"image/gif"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// documented matches the examples in docs/urls.md: a path, the size of the result, and
// possibly its format.
var documented = regexp.MustCompile("`(/[^`]+)` (\\d+)x(\\d+)(?: (jpeg|png|webp|gif))?")

// Every option has an example, and every example gives the documented result.
func TestDocumentedOptions(t *testing.T) {
	t.Parallel()
	manual := string(e2e.Read(t, "../../docs/urls.md"))
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--svg", "--watermark", "logo="+e2e.Testdata(t)+"/photos/logo.png,scale_20")
	examples := documented.FindAllStringSubmatch(manual, -1)
	if len(examples) < 35 {
		t.Errorf("%d examples were found", len(examples))
	}
	for _, e := range examples {
		r := e2e.Get(t, s.URL+e[1])
		w, h, format := e2e.Size(t, r.Body)
		if strconv.Itoa(w) != e[2] || strconv.Itoa(h) != e[3] || e[4] != "" && format != e[4] {
			t.Errorf("%s gives %dx%d %s, and should %s", e[1], w, h, format, e[0])
		}
	}
}

// Every effect changes the picture.
func TestOptionsChangeThePicture(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(),
		"--watermark", "logo="+e2e.Testdata(t)+"/photos/logo.png,scale_50", "--watermark", "copy=text:© Example,font_sans,scale_90,g_center")
	seen := map[string]string{}
	for _, ops := range []string{
		"", ",pixel_12", ",blur_3", ",sharp_2", ",bright_10", ",contrast_20", ",sat_-50", ",gray", ",rot_180", ",flip_h", ",flip_v", ",flip_hv,pad_1",
		",round_40", ",wm_logo", ",wm_copy", ",pad_10", ",pad_10,bg_ffcc00", ",q_20", ",g_n", ",g_s", ",fit_fill", ",trim,pad_2", ",bytes_4000",
	} {
		r := e2e.Get(t, s.URL+"/300x200"+ops+"/photos/cat.jpg")
		if r.Status != 200 {
			t.Errorf("%q: %d %s", ops, r.Status, r.Body)
		}
		if before, same := seen[string(r.Body)]; same {
			t.Errorf("%q gives what %q does", ops, before)
		}
		seen[string(r.Body)] = ops
	}
}

// Animations stay animations, frame by frame.
func TestAnimation(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--max-frames", "5")
	original, err := gif.DecodeAll(bytes.NewReader(e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "counter.gif"))))
	if err != nil {
		t.Fatal(err)
	}
	small, err := gif.DecodeAll(bytes.NewReader(e2e.Get(t, s.URL+"/50x/odd/counter.gif").Body))
	if err != nil || len(small.Image) != len(original.Image) || small.LoopCount != original.LoopCount {
		t.Fatalf("%d frames of %d, %v", len(small.Image), len(original.Image), err)
	}
	for i, delay := range original.Delay {
		if small.Delay[i] != delay {
			t.Errorf("frame %d stays for %d, want %d", i, small.Delay[i], delay)
		}
	}
	e2e.WantProblem(t, "more frames", e2e.Get(t, s.URL+"/64x/odd/animated.gif"), 422, "too-many-pixels", "12 frames, the limit is 5; still gives the first")
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/64x,still/odd/animated.gif"), 64, 48, "gif")
	if r := e2e.Get(t, s.URL+"/50x,f_auto/odd/counter.gif", "Accept", "image/avif,image/webp"); r.Header.Get("Content-Type") != "image/webp" || !bytes.Contains(r.Body, []byte("ANMF")) {
		t.Errorf("f_auto: %s", r.Header.Get("Content-Type"))
	}
}

// f_auto never gives more bytes than the plain format, and respects what the
// client accepts.
func TestAuto(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--format", "auto", "--client-hints")
	const vary = "Accept, Save-Data, Sec-CH-DPR, Sec-CH-Width, DPR, Width"
	for _, ops := range []string{"200x", "20x", "600x,q_95", "200x,pixel_40"} {
		for _, key := range []string{"/photos/coast.jpg", "/photos/logo.png", "/odd/palette.png"} {
			plain := e2e.Get(t, s.URL+"/"+ops+key)
			for _, accept := range []string{"image/avif,image/webp", "image/webp"} {
				r := e2e.Get(t, s.URL+"/"+ops+key, "Accept", accept)
				if r.Status != 200 || r.Header.Get("Vary") != vary || len(r.Body) > len(plain.Body) {
					t.Errorf("%s%s for %s: %d, %d bytes, and %d plain, Vary %q", ops, key, accept, r.Status, len(r.Body), len(plain.Body), r.Header.Get("Vary"))
				}
			}
		}
	}
	const webp = "image/webp"
	normal := e2e.Get(t, s.URL+"/200x/photos/coast.jpg", "Accept", webp)
	saved := e2e.Get(t, s.URL+"/200x/photos/coast.jpg", "Accept", webp, "Save-Data", "on")
	if len(saved.Body)*10 > len(normal.Body)*9 {
		t.Errorf("Save-Data: %d bytes instead of %d", len(saved.Body), len(normal.Body))
	}
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/200x/photos/coast.jpg", "Sec-CH-DPR", "2"), 400, 267, "jpeg")
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/gray/photos/coast.jpg", "Sec-CH-DPR", "2", "Sec-CH-Width", "301"), 360, 240, "jpeg")
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/200x,f_png/photos/coast.jpg", "Sec-CH-DPR", "2"), 200, 133, "png")
	e2e.WantCache(t, e2e.Get(t, s.URL+"/360x,gray/photos/coast.jpg"), e2e.HitMemory) // a hint is another way to ask for it
}

// Half a picture is served to those who prefer it, and nowhere kept.
func TestServeBroken(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--on-broken", "serve")
	for _, name := range []string{"truncated.jpg", "truncated.png"} {
		for range 2 {
			r := e2e.Get(t, s.URL+"/120x,f_png/odd/"+name)
			e2e.WantPicture(t, r, 120, 80, "png")
			if got := r.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s: Cache-Control %q", name, got)
			}
			e2e.WantCache(t, r, "thumbery;fwd=miss")
		}
	}
	for _, tier := range []string{"derivatives", "originals"} {
		if kept := e2e.Files(t, filepath.Join(cache, tier)); len(kept) > 0 {
			t.Errorf("kept: %v", kept)
		}
	}
	if r := e2e.Get(t, s.URL+"/120x/odd/empty.jpg"); r.Status != 422 {
		t.Errorf("empty: %d", r.Status)
	}
}

// A picture that takes too long is stopped, and its worker is free for others.
func TestResizeTimeout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"lake.jpg", "logo.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := e2e.Serve(t, "--source", "/=file:"+dir, "--cache", t.TempDir(), "--workers", "1", "--resize-timeout", "1s")
	r := e2e.Get(t, s.URL+"/4000x4000,up_1,fit_fill,blur_100,f_png/lake.jpg")
	e2e.WantProblem(t, "a large blur", r, 503, "too-slow", "took too long")
	if r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	// On a slow machine, one second may be too short for a new process and a small picture, too.
	e2e.Eventually(t, "another picture is made", func() bool { return e2e.Get(t, s.URL+"/64x64/logo.png").Status == 200 })
	if n := s.Metric(t, "thumbery_resizing"); n != 0 {
		t.Errorf("%v still run", n)
	}
}
