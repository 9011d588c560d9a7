package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

var now = time.Unix(1_800_000_000, 0)

// testServer is the public handler on fakes.
type testServer struct {
	http.Handler
	origin      *storagetest.Fake
	originals   *cachetest.Fake
	derivatives *cachetest.Fake
	resizer     *resizetest.Fake
	log         *bytes.Buffer
	answers     []string
	steps       []render.Step
}

func (h *testServer) Answered(_ context.Context, a Answer) {
	h.answers, h.steps = append(h.answers, a.Outcome), append(h.steps, a.Steps...)
}

func newTestServer(change ...func(*Config)) *testServer {
	h := &testServer{
		origin: storagetest.NewFake(map[string][]byte{
			"cat.jpg":  resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60))),
			"a b.jpg":  resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60))),
			"text.jpg": []byte("this is a text, and no picture"),
		}),
		originals:   cachetest.NewFake(),
		derivatives: cachetest.NewFake(),
		resizer:     &resizetest.Fake{Formats: []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF}},
		log:         &bytes.Buffer{},
	}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	p := newPipeline(pipeline.Config{
		Originals: originals.Config{
			Origin: h.origin, Cache: h.originals, Fetches: gate.New(8, 8, 64), MaxBytes: 1 << 20, FetchTimeout: time.Minute,
		},
		Derivatives: derivatives.Config{Cache: h.derivatives, MemoryBytes: 1 << 20},
		Render: render.Config{
			Resizer: h.resizer, Gate: gate.New(2, 1<<20, 8), Timeout: time.Minute,
			Settings: resize.Settings{MaxPixels: 1 << 20, CanWrite: h.resizer.CanWrite},
		},
		Log: log, Now: time.Now,
	})
	c := Config{Pipeline: p, MaxAge: time.Hour, Observer: h, Log: log, Now: func() time.Time { return now }}
	for _, f := range change {
		f(&c)
	}
	h.Handler = New(c)
	return h
}

// pipelines are the configurations of those that newPipeline has made.
var pipelines sync.Map

func newPipeline(c pipeline.Config) *pipeline.Pipeline {
	p := pipeline.New(c)
	pipelines.Store(p, c)
	return p
}

// configure replaces the pipeline of a server by one with another configuration.
func configure(c *Config, change func(*pipeline.Config)) {
	config, _ := pipelines.Load(c.Pipeline)
	p := config.(pipeline.Config)
	change(&p)
	c.Pipeline = newPipeline(p)
}

func (h *testServer) request(method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func (h *testServer) get(path string, headers ...string) *http.Response {
	return h.request(http.MethodGet, path, headers...)
}

func wantHeaders(t *testing.T, r *http.Response, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := strings.Join(r.Header.Values(name), " + "); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
}

func TestPictureHeaders(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	r := h.get("/40x30/cat.jpg")
	if r.StatusCode != 200 {
		t.Fatal(r.Status)
	}
	wantHeaders(t, r, map[string]string{
		"Content-Type": "image/jpeg", "Cache-Control": "public, max-age=3600, immutable",
		"Cache-Status": "thumbery;fwd=miss;stored;detail=disk", "Vary": "", "Accept-Ranges": "bytes",
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": contentPolicy,
		"Access-Control-Allow-Origin": "", "Content-Disposition": "",
		"Last-Modified": "Fri, 17 May 2024 10:30:00 GMT",
	})
	for _, step := range []string{"fetch;dur=", "queue;dur=", "resize;dur=", "store;dur="} {
		if !strings.Contains(r.Header.Get("Server-Timing"), step) {
			t.Errorf("Server-Timing %q has no %s", r.Header.Get("Server-Timing"), step)
		}
	}
	if tag := r.Header.Get("ETag"); len(tag) < 20 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		t.Errorf("ETag %s is not a strong one", tag)
	}
	if r.Header.Get("X-Request-Id") == "" {
		t.Error("no request id")
	}
	wantHeaders(t, h.get("/40x30/cat.jpg"), map[string]string{"Cache-Status": "thumbery;hit;detail=memory", "Server-Timing": ""})
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	for _, path := range []string{"/40x30/cat.jpg", "/raw/cat.jpg", "/info/cat.jpg", "/40x30/no.jpg", "/40y30/cat.jpg"} {
		h.get(path)
		get, head := h.get(path), h.request(http.MethodHead, path)
		if get.StatusCode != head.StatusCode {
			t.Errorf("%s: GET %d, HEAD %d", path, get.StatusCode, head.StatusCode)
		}
		for name := range get.Header {
			if name != "X-Request-Id" && get.Header.Get(name) != head.Header.Get(name) {
				t.Errorf("%s: %s is %q for GET and %q for HEAD", path, name, get.Header.Get(name), head.Header.Get(name))
			}
		}
	}
}

func TestConditionsAndRanges(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	first := h.get("/40x30/cat.jpg")
	tag, date := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
	tests := []struct {
		name    string
		headers []string
		status  int
	}{
		{"same tag", []string{"If-None-Match", tag}, 304},
		{"weak tag", []string{"If-None-Match", "W/" + tag}, 304},
		{"in a list", []string{"If-None-Match", `"x", ` + tag + `, "y"`}, 304},
		{"any", []string{"If-None-Match", "*"}, 304},
		{"other tag", []string{"If-None-Match", `"x"`}, 200},
		{"same date", []string{"If-Modified-Since", date}, 304},
		{"earlier date", []string{"If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"}, 200},
		{"other tag beats date", []string{"If-None-Match", `"x"`, "If-Modified-Since", date}, 200},
		{"range", []string{"Range", "bytes=0-9"}, 206},
		{"range of another", []string{"Range", "bytes=0-9", "If-Range", `"x"`}, 200},
		{"range of this", []string{"Range", "bytes=0-9", "If-Range", tag}, 206},
		{"no such range", []string{"Range", "bytes=9999999-"}, 416},
		{"precondition fails", []string{"If-Match", `"x"`}, 412},
	}
	for _, tt := range tests {
		r := h.get("/40x30/cat.jpg", tt.headers...)
		if r.StatusCode != tt.status {
			t.Errorf("%s: %d, want %d", tt.name, r.StatusCode, tt.status)
		}
		if tt.status == 412 || tt.status == 416 {
			wantHeaders(t, r, map[string]string{"Content-Type": "application/problem+json", "ETag": "", "Cache-Control": "no-store"})
			var p problem
			if err := json.NewDecoder(r.Body).Decode(&p); err != nil || p.Status != tt.status {
				t.Errorf("%s: %+v, %v", tt.name, p, err)
			}
		}
		if tt.status == 416 && !strings.HasPrefix(r.Header.Get("Content-Range"), "bytes */") {
			t.Errorf("%s: Content-Range %q", tt.name, r.Header.Get("Content-Range"))
		}
		if tt.status == 304 && (r.Header.Get("ETag") != tag || r.Header.Get("Cache-Control") == "" || r.ContentLength > 0) {
			t.Errorf("%s: 304 with %v", tt.name, r.Header)
		}
		if tt.status == 206 && r.ContentLength != 10 && r.Header.Get("Content-Length") != "10" {
			t.Errorf("%s: Content-Length %q", tt.name, r.Header.Get("Content-Length"))
		}
	}
}

func TestAutoVaries(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	tags := map[string]string{}
	for accept, media := range map[string]string{
		"": "image/jpeg", "image/webp": "image/webp", "image/avif,image/webp": "image/avif",
	} {
		r := h.get("/40x30,f_auto/cat.jpg", "Accept", accept)
		wantHeaders(t, r, map[string]string{"Vary": "Accept, Save-Data", "Accept-Ch": ""})
		if r.StatusCode != 200 {
			t.Fatalf("Accept %q: %s", accept, r.Status)
		}
		tags[r.Header.Get("ETag")] = media
	}
	if len(tags) != 3 {
		t.Errorf("three formats have the tags %v", tags)
	}
	wantHeaders(t, h.get("/40x30,f_webp/cat.jpg"), map[string]string{"Vary": ""})
	// Errors depend on Accept, too.
	missing := h.get("/40x30,f_auto/no.jpg")
	wantHeaders(t, missing, map[string]string{"Vary": "Accept, Save-Data", "Cache-Control": "public, max-age=60"})
	wantHeaders(t, h.get("/40x30/no.jpg"), map[string]string{"Vary": ""})
}

// Save-Data gives another derivative where the URL does not set the quality.
func TestSaveData(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	for _, c := range []struct {
		ops, saveData string
		same          bool
	}{
		{"40x30,f_auto", "on", false},
		{"40x30,f_auto", "ON", false},
		{"40x30,f_auto", " on;x=y", false},
		{"40x30,f_auto", "off", true},
		{"40x30,f_auto", "", true},
		{"40x30,f_auto", "one", true},
		{"40x30,f_auto,lossless", "on", true},
		{"40x30,f_webp", "on", true},
		{"40x30", "on", true},
	} {
		path := "/" + c.ops + "/cat.jpg"
		plain, saved := h.get(path, "Accept", "image/webp"), h.get(path, "Accept", "image/webp", "Save-Data", c.saveData)
		if same := plain.Header.Get("ETag") == saved.Header.Get("ETag"); same != c.same || saved.StatusCode != 200 {
			t.Errorf("%s with Save-Data %q: %s, the same: %t", c.ops, c.saveData, saved.Status, same)
		}
	}
}

// Clients that would get the same derivative share it.
func TestAutoHasFewNames(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	for _, accept := range []string{
		"image/avif,image/webp", "image/webp,image/avif,*/*;q=0.8", "image/avif;q=0.9,image/webp;q=0.9,image/*;q=0.5",
	} {
		if r := h.get("/40x30,f_auto/cat.jpg", "Accept", accept); r.StatusCode != 200 {
			t.Fatal(r.Status)
		}
	}
	if h.derivatives.Len() != 1 {
		t.Errorf("%d derivatives of three spellings", h.derivatives.Len())
	}
	h = newTestServer(func(c *Config) {
		configure(c, func(p *pipeline.Config) { p.Render.Settings.Auto = []variant.Format{} })
	})
	h.get("/40x30,f_auto/cat.jpg", "Accept", "image/avif,image/webp")
	h.get("/40x30,f_auto/cat.jpg")
	if h.derivatives.Len() != 1 {
		t.Errorf("%d derivatives where there is nothing to choose", h.derivatives.Len())
	}
}

// If the URL has no format, the server's applies, and auto with all its headers.
func TestDefaultFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format            variant.Format
		path, media, vary string
		status            int
	}{
		{variant.FormatKeep, "/40x30/cat.jpg", "image/jpeg", "", 200},
		{variant.FormatAuto, "/40x30/cat.jpg", "image/png", "Accept, Save-Data", 200}, // the fake's WebP
		{variant.FormatAuto, "/40x30,f_jpeg/cat.jpg", "image/jpeg", "", 200},
		{variant.FormatAuto, "/raw/cat.jpg", "image/jpeg", "", 200},
		{variant.FormatAuto, "/info/cat.jpg", "application/json", "", 200},
		{variant.FormatAuto, "/thumb/cat.jpg", "image/png", "Accept, Save-Data", 200},
		{variant.JPEG, "/40x30/flat.png", "image/jpeg", "", 200},
		{variant.JPEG, "/40x30,f_png/flat.png", "image/png", "", 200},
		{variant.JPEG, "/40x30,lossless/flat.png", "application/problem+json", "", 400},
	} {
		h := newTestServer(func(cfg *Config) {
			cfg.Format = c.format
			cfg.Presets = variant.Presets{}
			if err := cfg.Presets.Add("thumb=40x30"); err != nil {
				t.Fatal(err)
			}
		})
		h.origin.Put("flat.png", resizetest.PNG(image.NewRGBA(image.Rect(0, 0, 80, 60))))
		r := h.get(c.path, "Accept", "image/webp")
		if r.StatusCode != c.status {
			t.Errorf("%v %s: %s", c.format, c.path, r.Status)
		}
		wantHeaders(t, r, map[string]string{"Content-Type": c.media, "Vary": c.vary})
	}
}

func TestClientHints(t *testing.T) {
	t.Parallel()
	size := func(r *http.Response) string {
		c, _, err := image.DecodeConfig(r.Body)
		if err != nil {
			t.Errorf("%s: %v", r.Status, err)
		}
		return fmt.Sprintf("%dx%d", c.Width, c.Height)
	}
	on := func(c *Config) { c.ClientHints = true }
	for _, c := range []struct {
		change func(*Config)
		path   string
		want   string
	}{
		{on, "/20x,f_auto/cat.jpg", "40x30"},
		{on, "/20x/cat.jpg", "20x15"},
		{on, "/20x,dpr_3,f_auto/cat.jpg", "60x45"},
		{on, "/f_auto/wide.jpg", "120x40"},
		{func(*Config) {}, "/20x,f_auto/cat.jpg", "20x15"},
		{func(*Config) {}, "/f_auto/wide.jpg", "300x100"},
		{func(c *Config) { on(c); c.Format = variant.FormatAuto }, "/20x/cat.jpg", "40x30"},
		{func(c *Config) { on(c); c.SendFile = SendFile{AccelHeader, "/cache/"} }, "/20x,f_auto/cat.jpg", "40x30"},
	} {
		h := newTestServer(c.change)
		h.origin.Put("wide.jpg", resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 300, 100))))
		for range 2 {
			r := h.get(c.path, "Sec-CH-DPR", "2", "Sec-CH-Width", "100", headerNoAccel, "1")
			if got := size(r); got != c.want {
				t.Errorf("%s: %s, want %s", c.path, got, c.want)
			}
		}
	}
	const all = "Sec-CH-DPR, Sec-CH-Width, DPR, Width"
	wantHeaders(t, newTestServer(on).get("/20x,f_auto/cat.jpg"), map[string]string{"Vary": "Accept, Save-Data, " + all, "Accept-Ch": all})
	wantHeaders(t, newTestServer(on).get("/20x/cat.jpg"), map[string]string{"Vary": "", "Accept-Ch": ""})
	h := newTestServer(on, func(c *Config) { c.CORS = "https://example.com" })
	wantHeaders(t, h.get("/20x,f_auto/cat.jpg"), map[string]string{"Vary": "Accept, Save-Data, " + all + ", Origin"})
	var keys variant.Keyring
	if err := keys.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	h = newTestServer(on, func(c *Config) { c.Keys = &keys })
	for scope, want := range map[variant.Scope]string{"": "40x30", "20x,f_auto": "20x15"} {
		path := keys.SignScope(variant.Path{Ops: "20x,f_auto", Key: "cat.jpg"}, scope, now.Add(time.Minute)).String()
		if got := size(h.get(path, "Sec-CH-DPR", "2")); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// A hit that is sent by the server in front has the name under which it was made,
// whatever the hints and Accept.
func TestHintsAndSendFile(t *testing.T) {
	t.Parallel()
	h, _ := newDiskHandler(t, 0, func(c *Config) {
		c.ClientHints, c.SendFile = true, SendFile{AccelHeader, "/cache/"}
	})
	paths := map[string]bool{}
	for _, headers := range []http.Header{
		{}, {"Dpr": {"2"}}, {"Dpr": {"2"}, "Save-Data": {"on"}}, {"Save-Data": {"on"}}, {"Dpr": {"1"}},
	} {
		var last string
		for i := range 2 {
			r := httptest.NewRequest(http.MethodGet, "/20x,f_auto/photos/cat.jpg", nil)
			r.Header = headers
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			path := w.Header().Get(AccelHeader)
			if path == "" || i > 0 && path != last {
				t.Errorf("%v: %d, at %q and then %q", headers, w.Code, last, path)
			}
			last = path
		}
		paths[last] = true
	}
	if len(paths) != 4 { // a density of 1 is none
		t.Errorf("%d files: %v", len(paths), paths)
	}
}

func TestParseAccept(t *testing.T) {
	t.Parallel()
	webp, avif := variant.AcceptWebP, variant.AcceptAVIF
	both, jxl := webp|avif, variant.AcceptJXL
	for value, want := range map[string]variant.Accept{
		"": 0, "*/*": 0, "image/*": 0, "image/webp": webp, "IMAGE/WEBP;Q=0.5": webp,
		// As browsers send it.
		"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8":                    both,
		"image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5":               both,
		"image/webp,image/avif,image/jxl,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8": both | jxl,
		"image/webp,*/*": webp,
		"image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5":                         0,
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8": both,
		// Weights.
		"image/webp;q=0": 0, "image/webp;q=0.0": 0, "image/webp; q=0.001": webp, "image/webp;q=1.000": webp,
		"image/webp,image/avif;q=0.9": both | variant.PreferWebP, "image/webp;q=0.9,image/avif": both,
		"image/jxl": jxl, "image/jxl;q=0": 0, "image/jxl;q=0.8,*/*": 0, "image/jxl,image/avif;q=0.9": avif | jxl | variant.PreferJXL,
		"image/jxl;q=0.9,image/avif": avif | jxl, "image/jxl;q=0.9,image/webp": webp | jxl | variant.PreferWebPToJXL,
		"image/webp;q=0.8,image/avif;q=0.9,*/*;q=0.9": avif, "image/webp;q=0.8,*/*;q=0.8": webp,
		"image/webp;q=0.8,*/*": 0, "image/webp;q=0.8,image/*;q=0.9,*/*;q=0.1": 0,
		"image/webp;q=0.8,image/*;q=0.1,*/*": webp, "image/webp;q=0.5,image/jpeg": 0,
		"image/webp;q=0.5,image/png": 0, "image/webp;q=0.5,image/jpeg;q=0.5,image/png;q=0.1,*/*": webp,
		"image/avif;q=0.5,image/webp;q=0.4,image/jpeg;q=0.45,image/png;q=0": avif,
		"image/webp;q=0.5,image/jpeg;q=0,image/png;q=0,*/*":                 webp, "image/webp;q=0.5,text/html": webp,
		"image/webp;q=0,image/webp;q=0.5": webp,
		// Malformed parts are skipped.
		"image/webp;q=x": 0, "image/webp;q=2": 0, "image/webp;q=-1": 0, "image/webp;q=": 0, "image/webp;q=1.001": 0,
		"image/webp;q=0.1234": 0, "image/webp;q=1e0": 0, "image/webp;q=.5": 0, "image/webp;q=00": 0, "image/webp;q=0.": 0,
		"image/webp;q=0.5,*/*;q=x": webp, "image/webp;q=0.+1": 0,
		"image/webp;v=1;q=0": 0, "image/webp;v=1": webp,
		"text/html , image/avif ;q=0.9": avif, "image/webpx": 0, ",,;;": 0, "image/webp;": webp,
	} {
		if got := parseAccept([]string{value}); got != want {
			t.Errorf("parseAccept(%q) = %b, want %b", value, got, want)
		}
	}
	if got := parseAccept([]string{"image/webp", "image/avif"}); got != both {
		t.Errorf("two headers give %b", got)
	}
}

func FuzzParseAccept(f *testing.F) {
	f.Add("image/avif,image/webp;q=0.5,*/*;q=0", "image/jpeg;q=0.7")
	f.Add("image/jxl,image/avif;q=0.5", "image/webp;q=0.7")
	f.Add("image/webp;q=0.333;x=\"a,b\"", "image/avif;q=1.000")
	f.Fuzz(func(t *testing.T, s, more string) {
		a := parseAccept([]string{s, more})
		for name, flag := range map[string]variant.Accept{
			"image/webp": variant.AcceptWebP, "image/avif": variant.AcceptAVIF, "image/jxl": variant.AcceptJXL,
		} {
			if a&flag != 0 && !strings.Contains(strings.ToLower(s+","+more), name) {
				t.Errorf("%q %q accepts %s", s, more, name)
			}
		}
		if a >= variant.Accepts || a&variant.SaveData != 0 || a.Only(func(variant.Format) bool { return true }) != a {
			t.Errorf("%q %q gives %b", s, more, a)
		}
		if parseAccept([]string{more, s}) != a || parseAccept([]string{s + "," + more}) != a {
			t.Errorf("%q %q: the order, or the number of headers, matters", s, more)
		}
	})
}

func TestDownload(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	for path, want := range map[string]string{
		"/40x30,dl/cat.jpg":               `attachment; filename=cat.jpg`,
		"/40x30,dl,f_png/cat.jpg":         `attachment; filename=cat.png`,
		"/40x30,dl_my_kitten.jpg/cat.jpg": `attachment; filename=my_kitten.jpg`,
		"/raw,dl/a%20b.jpg":               `attachment; filename="a b.jpg"`,
		"/40x30/cat.jpg":                  "",
	} {
		wantHeaders(t, h.get(path), map[string]string{"Content-Disposition": want})
	}
	if h.derivatives.Len() != 2 {
		t.Errorf("%d derivatives are kept, want 2: how it is saved does not change it", h.derivatives.Len())
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	secret := errors.New("bucket secret-bucket at 10.0.0.1")
	h.origin.Fail("down.jpg", storage.Unavailable(context.Background(), "fake", secret))
	h.origin.Fail("no-descriptors.jpg", storage.Unavailable(context.Background(), "fake", fmt.Errorf("%w: %w", secret, syscall.EMFILE)))
	h.origin.Fail("strange.jpg", secret)
	tests := []struct {
		method, path string
		status       int
		kind         string
		option       string
		retry        string
	}{
		{"GET", "/40y30/cat.jpg", 400, "bad-options", "40y30", ""},
		{"GET", "/40x30,q_0/cat.jpg", 400, "bad-options", "q_0", ""},
		{"GET", "/40x30/../cat.jpg", 400, "bad-key", "", ""},
		{"GET", `/40x30/a%5C..%5Ccat.jpg`, 400, "bad-key", "", ""},
		{"GET", "/40x30/no.jpg", 404, "not-found", "", ""},
		{"POST", "/40x30/cat.jpg", 405, "method", "", ""},
		{"GET", "/40x30/text.jpg", 415, "not-a-picture", "", ""},
		{"GET", "/40x30,f_gif/cat.jpg", 501, "unsupported", "f_gif", ""},
		{"GET", "/40x30,wm_logo/cat.jpg", 400, "bad-options", "wm_logo", ""},
		{"GET", "/40x30,page_2/cat.jpg", 400, "bad-options", "page_2", ""},
		{"GET", "/40x30/down.jpg", 503, "origin-unavailable", "", "2"},
		{"GET", "/40x30/no-descriptors.jpg", 503, "busy", "", "2"},
	}
	for _, tt := range tests {
		r := h.request(tt.method, tt.path, "X-Request-Id", "abc-1")
		var p problem
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Errorf("%s: %v", tt.path, err)
		}
		if r.StatusCode != tt.status || p.Status != tt.status || p.Type != "urn:thumbery:"+tt.kind || p.Option != tt.option {
			t.Errorf("%s: %d %+v", tt.path, r.StatusCode, p)
		}
		if tt.status == 415 && !strings.Contains(p.Detail, "downloaded at /raw/text.jpg.") {
			t.Errorf("%s: %s", tt.path, p.Detail)
		}
		if strings.Contains(p.Detail, "secret") || strings.Contains(p.Detail, "10.0.0.1") {
			t.Errorf("%s leaks %q", tt.path, p.Detail)
		}
		wantHeaders(t, r, map[string]string{
			"Content-Type": "application/problem+json", "Retry-After": tt.retry, "X-Request-Id": "abc-1",
			"X-Content-Type-Options": "nosniff", "ETag": "", "Last-Modified": "",
		})
	}
	if !strings.Contains(h.log.String(), "secret-bucket") || !strings.Contains(h.log.String(), "id=abc-1") {
		t.Error("the cause is not in the log, under the request id")
	}
}

// Errors of the engine say what the client can do.
func TestEngineProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err                   error
		status                int
		kind, detail          string
		retry, control, cause string
	}{
		{gate.ErrBusy, 503, "busy", "server is full. Try again", "2", "no-store", ""},
		{gate.ErrWaited, 503, "busy", "waited too long", "2", "no-store", ""},
		{resize.ErrTooSlow, 503, "too-slow", "took too long", "2", "no-store", ""},
		{fmt.Errorf("decoding: %w: 96 MB", resize.ErrNoMemory), 503, "no-memory", "ran out", "2", "no-store", ""},
		{
			fmt.Errorf("%w: signal: segmentation fault at 0xdeadbeef", resize.ErrDied),
			500, "crashed", "crashed. It is likely", "", "no-store", "",
		},
		{resize.ErrNoProcess, 503, "no-process", "Try again", "2", "no-store", ""},
		{
			fmt.Errorf("%w: 96 MiB in process 0x12", resize.ErrTooMuchMemory),
			422, "too-much-memory", "Request a smaller size", "", "no-store", "",
		},
		{header.ErrBroken, 422, "broken-picture", "damaged", "", "public, max-age=60", ""},
		{
			fmt.Errorf("%w: the smallest has 4711", resize.ErrBytes), 422, "does-not-fit",
			"does not fit into that many bytes: the smallest has 4711", "", "public, max-age=60", "",
		},
		{
			fmt.Errorf("%w: the animation has 900 frames, the limit is 500; still gives the first", header.ErrTooLarge),
			422, "too-many-pixels", "still gives the first", "", "public, max-age=60", "",
		},
		{errors.New("libvips at 0xdeadbeef"), 500, "internal", "in the log", "", "no-store", ""},
	} {
		h := newTestServer()
		h.resizer.Fail = c.err
		r := h.get("/40x30/cat.jpg")
		var p problem
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != c.status || p.Type != "urn:thumbery:"+c.kind || !strings.Contains(p.Detail, c.detail) || strings.Contains(p.Detail, "0x") {
			t.Errorf("%v: %s %+v", c.err, r.Status, p)
		}
		wantHeaders(t, r, map[string]string{"Retry-After": c.retry, "Cache-Control": c.control})
	}
}

// Of a broken original that the engine could partly decode, the derivative is not cached.
func TestBrokenIsNotKept(t *testing.T) {
	t.Parallel()
	h := newTestServer(func(c *Config) {
		configure(c, func(p *pipeline.Config) { p.ServeBroken = true })
	})
	h.resizer.Fail, h.resizer.Half = header.ErrBroken, resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 40, 30)))
	for range 2 {
		r := h.get("/40x30/cat.jpg")
		if r.StatusCode != 200 {
			t.Fatal(r.Status)
		}
		wantHeaders(t, r, map[string]string{"Cache-Control": "no-store", "Content-Type": "image/jpeg", "Cache-Status": "thumbery;fwd=miss"})
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	h := newTestServer(func(c *Config) { c.Pipeline = nil })
	if r := h.get("/40x30/cat.jpg"); r.StatusCode != 500 {
		t.Errorf("status %d", r.StatusCode)
	}
	if !strings.Contains(h.log.String(), "nil pointer") {
		t.Error("the panic is not in the log")
	}
}

func TestSigned(t *testing.T) {
	t.Parallel()
	var keys variant.Keyring
	if err := keys.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	h := newTestServer(func(c *Config) { c.Keys = &keys })
	path := variant.Path{Ops: "40x30", Key: "cat.jpg"}
	for expires, control := range map[time.Time]string{
		{}:                       "public, max-age=3600, immutable",
		now.Add(2 * time.Hour):   "public, max-age=3600, immutable",
		now.Add(time.Minute):     "public, max-age=60",
		now.Add(2 * time.Second): "public, max-age=2",
	} {
		r := h.get(keys.Sign(path, expires).String())
		if r.StatusCode != 200 {
			t.Errorf("signed until %v: %s", expires, r.Status)
		}
		wantHeaders(t, r, map[string]string{"Cache-Control": control})
	}
	for name, p := range map[string]string{
		"unsigned": path.String(),
		"expired":  keys.Sign(path, now.Add(-time.Second)).String(),
		"moved":    strings.Replace(keys.Sign(path, time.Time{}).String(), "40x30", "41x30", 1),
	} {
		if r := h.get(p); r.StatusCode != 403 || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s %v", name, r.Status, r.Header)
		}
	}
	if h.origin.TotalOpens() != 1 {
		t.Errorf("the origin was asked %d times", h.origin.TotalOpens())
	}
}

// One signature serves all options within its scope, also if their paths are cached, and no
// other options, and no other picture.
func TestSignedOnce(t *testing.T) {
	t.Parallel()
	presets := variant.Presets{}
	var keys variant.Keyring
	for _, err := range []error{presets.Add("thumb=40x30"), keys.Add("k:0123456789abcdef")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	h := newTestServer(func(c *Config) { c.Keys, c.Presets = &keys, presets })
	sized := newTestServer(func(c *Config) { c.Keys, c.Presets, c.Limits.Sizes = &keys, presets, []int{40, 30} })
	for _, tt := range []struct {
		h      *testServer
		scope  variant.Scope
		ops    string
		status int
	}{
		{h, "40x30~20x15,~f_webp", "40x30", 200},
		{h, "40x30~20x15,~f_webp", "20x15,f_webp", 200},
		{h, "40x30~20x15,~f_webp", "21x15", 403},
		{h, "40x30~20x15,~f_webp", "raw", 403},
		{h, variant.ScopePresets, "thumb", 200},
		{h, variant.ScopePresets, "thumb,q_1", 403},
		{h, variant.ScopePresets, "40x30", 403},
		{h, variant.ScopePresets, "info", 403},
		{h, variant.ScopeSizes, "40x30", 403},
		{sized, variant.ScopeSizes, "40x30,f_webp", 200},
		{sized, variant.ScopeSizes, "41x30", 403},
		{sized, variant.ScopeSizes, "40x30,q_1", 403},
		{sized, variant.ScopeSizes, "raw", 403},
	} {
		path := keys.SignScope(variant.Path{Ops: tt.ops, Key: "cat.jpg"}, tt.scope, now.Add(time.Minute)).String()
		for range 2 {
			if r := tt.h.get(path); r.StatusCode != tt.status {
				t.Errorf("%s: %s", path, r.Status)
			}
		}
		if r := tt.h.get(strings.Replace(path, "cat.jpg", "dog.jpg", 1)); r.StatusCode != 403 {
			t.Errorf("another picture of %s: %s", path, r.Status)
		}
	}
}

// Where sizes or presets are limited, a version is permitted only in signed URLs, as it
// has the original fetched again.
func TestVersionsAreLimited(t *testing.T) {
	t.Parallel()
	presets := variant.Presets{}
	var keys variant.Keyring
	for _, err := range []error{presets.Add("thumb=40x30"), presets.Add("old=40x30,v_7"), keys.Add("k1:an-example-secret")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, limits := range map[string]variant.Limits{"sizes": {Sizes: []int{40, 30}}, "presets": {PresetsOnly: true}} {
		h := newTestServer(func(c *Config) { c.Presets, c.Limits = presets, limits })
		for _, ops := range []string{"40x30,v_1", "thumb,v_1", "raw,v_1", "info,v_1", "info_gps,v_1", "old,v_1", "raw,dl,v_1"} {
			r := h.get("/" + ops + "/cat.jpg")
			if r.StatusCode != 403 || h.origin.TotalOpens() > 0 {
				t.Errorf("%s: %s: %s, %d fetches", name, ops, r.Status, h.origin.TotalOpens())
			}
		}
		for _, ops := range []string{"thumb", "old", "raw", "info"} {
			if r := h.get("/" + ops + "/cat.jpg"); r.StatusCode != 200 {
				t.Errorf("%s: %s: %s", name, ops, r.Status)
			}
		}
		limits.Signed = true
		h = newTestServer(func(c *Config) { c.Presets, c.Limits, c.Keys = presets, limits, &keys })
		if r := h.get(keys.Sign(variant.Path{Ops: "raw,v_1", Key: "cat.jpg"}, time.Time{}).String()); r.StatusCode != 200 {
			t.Errorf("%s: signed: %s", name, r.Status)
		}
	}
}

func TestTooManyVersions(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	h.origin.Fail("cat.jpg", originals.ErrTooManyVersions)
	for _, path := range []string{"/40x30,v_1/cat.jpg", "/raw,v_1/cat.jpg"} {
		r := h.get(path)
		var p problem
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil || r.StatusCode != 429 || p.Type != "urn:thumbery:too-many-versions" {
			t.Errorf("%s: %s %+v %v", path, r.Status, p, err)
		}
		wantHeaders(t, r, map[string]string{"Cache-Control": "no-store", "Retry-After": "3600"}) // RFC 6585, 4
	}
}

// A picture that crashes its processes is 500 once, and then in quarantine, which it may
// leave at any moment: nothing of it is cached, and the original stays.
func TestCrashes(t *testing.T) {
	t.Parallel()
	var p *pipeline.Pipeline
	h := newTestServer(func(c *Config) { p = c.Pipeline })
	h.resizer.Fail = resize.ErrDied
	for _, want := range []struct {
		status int
		kind   string
	}{{500, "crashed"}, {422, "quarantined"}, {422, "quarantined"}} {
		r := h.get("/40x30/cat.jpg")
		var doc problem
		if err := json.NewDecoder(r.Body).Decode(&doc); err != nil || r.StatusCode != want.status || doc.Type != "urn:thumbery:"+want.kind {
			t.Errorf("%s %+v, %v, want %+v", r.Status, doc, err, want)
		}
		wantHeaders(t, r, map[string]string{"Cache-Control": "no-store", "Retry-After": ""})
	}
	if r := h.get("/raw/cat.jpg"); r.StatusCode != 200 || h.origin.TotalOpens() != 1 {
		t.Errorf("the original: %s after %d fetches", r.Status, h.origin.TotalOpens())
	}
	h.resizer.Fail = nil
	if _, err := p.Forget("cat.jpg"); err != nil {
		t.Fatal(err)
	}
	if r := h.get("/40x30/cat.jpg"); r.StatusCode != 200 {
		t.Errorf("forgotten: %s", r.Status)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	h := newTestServer(func(c *Config) { c.CORS = "https://example.com" })
	wantHeaders(t, h.get("/40x30,f_auto/cat.jpg"), map[string]string{
		"Access-Control-Allow-Origin": "https://example.com", "Vary": "Accept, Save-Data, Origin",
	})
	wantHeaders(t, h.get("/40y30/cat.jpg"), map[string]string{"Access-Control-Allow-Origin": "https://example.com"})
	r := h.request(http.MethodOptions, "/40x30/cat.jpg")
	if r.StatusCode != 204 {
		t.Errorf("preflight: %s", r.Status)
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	for given, kept := range map[string]bool{
		"abc-1.2_Z": true, "": false, "with space": false, "new\x01line": false, strings.Repeat("x", 129): false,
	} {
		got := h.get("/40x30/cat.jpg", "X-Request-Id", given).Header.Get("X-Request-Id")
		if (got == given) != kept || got == "" {
			t.Errorf("given %q, answered %q", given, got)
		}
	}
}

func TestOutcomesAreCounted(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	for _, path := range []string{"/40x30/cat.jpg", "/40x30/cat.jpg", "/40x30/no.jpg", "/info/cat.jpg"} {
		h.get(path)
	}
	if got, want := strings.Join(h.answers, " "), "miss memory not-found miss"; got != want {
		t.Errorf("counted %q, want %q", got, want)
	}
	if got := names(h.steps); got != "fetch queue resize store queue resize store" {
		t.Errorf("steps %s", got)
	}
}

func names(steps []render.Step) string {
	all := make([]string, len(steps))
	for i, s := range steps {
		all[i] = s.Name
	}
	return strings.Join(all, " ")
}
