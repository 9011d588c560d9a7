package e2e

import (
	"bytes"
	"image/gif"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// documented are the examples in docs/urls.md: a path, the size that comes out,
// and the format if it is said.
var documented = regexp.MustCompile("`(/[^`]+)` (\\d+)x(\\d+)(?: (jpeg|png|webp|gif))?")

// Every option has an example, and every example gives what the manual says.
func TestDocumentedOptions(t *testing.T) {
	manual := string(read(t, "../docs/urls.md"))
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir(), "--svg", "--watermark", "logo="+testdata(t)+"/photos/logo.png,scale_20")
	examples := documented.FindAllStringSubmatch(manual, -1)
	if len(examples) < 35 {
		t.Errorf("%d examples were found", len(examples))
	}
	for _, e := range examples {
		r := get(t, s.url+e[1])
		w, h, format := size(t, r.body)
		if strconv.Itoa(w) != e[2] || strconv.Itoa(h) != e[3] || e[4] != "" && format != e[4] {
			t.Errorf("%s gives %dx%d %s, and should %s", e[1], w, h, format, e[0])
		}
	}
}

// Effects do something, and to the whole picture.
func TestOptionsChangeThePicture(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir(),
		"--watermark", "logo="+testdata(t)+"/photos/logo.png,scale_50", "--watermark", "copy=text:© Example,font_sans,scale_90,g_center")
	seen := map[string]string{}
	for _, ops := range []string{
		"", ",pixel_12", ",blur_3", ",sharp_2", ",bright_10", ",contrast_20", ",sat_-50", ",gray", ",rot_180", ",flip_h", ",flip_v", ",flip_hv,pad_1",
		",round_40", ",wm_logo", ",wm_copy", ",pad_10", ",pad_10,bg_ffcc00", ",q_20", ",g_n", ",g_s", ",fit_fill", ",trim,pad_2", ",bytes_4000",
	} {
		r := get(t, s.url+"/300x200"+ops+"/photos/cat.jpg")
		if r.status != 200 {
			t.Errorf("%q: %d %s", ops, r.status, r.body)
		}
		if before, same := seen[string(r.body)]; same {
			t.Errorf("%q gives what %q does", ops, before)
		}
		seen[string(r.body)] = ops
	}
}

// Animations stay animations, frame by frame.
func TestAnimation(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir(), "--max-frames", "5")
	original, err := gif.DecodeAll(bytes.NewReader(read(t, filepath.Join(testdata(t), "odd", "counter.gif"))))
	if err != nil {
		t.Fatal(err)
	}
	small, err := gif.DecodeAll(bytes.NewReader(get(t, s.url+"/50x/odd/counter.gif").body))
	if err != nil || len(small.Image) != len(original.Image) || small.LoopCount != original.LoopCount {
		t.Fatalf("%d frames of %d, %v", len(small.Image), len(original.Image), err)
	}
	for i, delay := range original.Delay {
		if small.Delay[i] != delay {
			t.Errorf("frame %d stays for %d, want %d", i, small.Delay[i], delay)
		}
	}
	wantProblem(t, "more frames", get(t, s.url+"/64x/odd/animated.gif"), 422, "too-many-pixels", "12 frames, the limit is 5; still gives the first")
	wantPicture(t, get(t, s.url+"/64x,still/odd/animated.gif"), 64, 48, "gif")
	if r := get(t, s.url+"/50x,f_auto/odd/counter.gif", "Accept", "image/avif,image/webp"); r.header.Get("Content-Type") != "image/webp" || !bytes.Contains(r.body, []byte("ANMF")) {
		t.Errorf("f_auto: %s", r.header.Get("Content-Type"))
	}
}

// f_auto never gives more bytes than the plain format, and heeds what the client
// says.
func TestAuto(t *testing.T) {
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", t.TempDir(), "--format", "auto", "--client-hints")
	const vary = "Accept, Save-Data, Sec-CH-DPR, Sec-CH-Width, DPR, Width"
	for _, ops := range []string{"200x", "20x", "600x,q_95", "200x,pixel_40"} {
		for _, key := range []string{"/photos/coast.jpg", "/photos/logo.png", "/odd/palette.png"} {
			plain := get(t, s.url+"/"+ops+key)
			for _, accept := range []string{"image/avif,image/webp", "image/webp"} {
				r := get(t, s.url+"/"+ops+key, "Accept", accept)
				if r.status != 200 || r.header.Get("Vary") != vary || len(r.body) > len(plain.body) {
					t.Errorf("%s%s for %s: %d, %d bytes, and %d plain, Vary %q", ops, key, accept, r.status, len(r.body), len(plain.body), r.header.Get("Vary"))
				}
			}
		}
	}
	const webp = "image/webp"
	normal := get(t, s.url+"/200x/photos/coast.jpg", "Accept", webp)
	saved := get(t, s.url+"/200x/photos/coast.jpg", "Accept", webp, "Save-Data", "on")
	if len(saved.body)*10 > len(normal.body)*9 {
		t.Errorf("Save-Data: %d bytes instead of %d", len(saved.body), len(normal.body))
	}
	wantPicture(t, get(t, s.url+"/200x/photos/coast.jpg", "Sec-CH-DPR", "2"), 400, 267, "jpeg")
	wantPicture(t, get(t, s.url+"/gray/photos/coast.jpg", "Sec-CH-DPR", "2", "Sec-CH-Width", "301"), 360, 240, "jpeg")
	wantPicture(t, get(t, s.url+"/200x,f_png/photos/coast.jpg", "Sec-CH-DPR", "2"), 200, 133, "png")
	wantCache(t, get(t, s.url+"/360x,gray/photos/coast.jpg"), hitMemory) // a hint is another way to ask for it
}

// Half a picture is served to those who prefer it, and nowhere kept.
func TestServeBroken(t *testing.T) {
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache, "--on-broken", "serve")
	for _, name := range []string{"truncated.jpg", "truncated.png"} {
		for range 2 {
			r := get(t, s.url+"/120x,f_png/odd/"+name)
			wantPicture(t, r, 120, 80, "png")
			if got := r.header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s: Cache-Control %q", name, got)
			}
			wantCache(t, r, "thumbery;fwd=miss")
		}
	}
	for _, tier := range []string{"derivatives", "originals"} {
		if kept := files(t, filepath.Join(cache, tier)); len(kept) > 0 {
			t.Errorf("kept: %v", kept)
		}
	}
	if r := get(t, s.url+"/120x/odd/empty.jpg"); r.status != 422 {
		t.Errorf("empty: %d", r.status)
	}
}

// What takes too long is stopped, and its worker is free for others.
func TestResizeTimeout(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"lake.jpg", "logo.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), read(t, filepath.Join(testdata(t), "photos", name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, "--source", "/=file:"+dir, "--cache", t.TempDir(), "--workers", "1", "--resize-timeout", "1s")
	r := get(t, s.url+"/4000x4000,up_1,fit_fill,blur_100,f_png/lake.jpg")
	wantProblem(t, "a large blur", r, 503, "too-slow", "took too long")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	wantPicture(t, get(t, s.url+"/64x64/logo.png"), 64, 64, "png")
	if n := s.metric(t, "thumbery_resizing"); n != 0 {
		t.Errorf("%v still run", n)
	}
}
