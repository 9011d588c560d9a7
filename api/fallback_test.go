package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

var errOrigin = fmt.Errorf("%w: bucket secret-bucket", storage.ErrUnavailable)

// linkingOrigin is a Fake that makes links.
type linkingOrigin struct {
	*storagetest.Fake
	unlinked bool
	hangs    bool // as if it had to look up its region
	last     storage.LinkOptions
}

func (l *linkingOrigin) Link(ctx context.Context, key string, o storage.LinkOptions) (string, error) {
	l.last = o
	if l.hangs {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if l.unlinked {
		return "", storage.ErrUnavailable
	}
	return "https://s3.example/" + key + "?X-Amz-Signature=a%2Fb&disposition=" + o.Disposition, nil
}

func (l *linkingOrigin) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	o, err := l.Fake.Open(ctx, key, have)
	if err == nil {
		o.Link = func(ctx context.Context, o storage.LinkOptions) (string, error) { return l.Link(ctx, key, o) }
	}
	return o, err
}

// newLinkedServer has an origin that makes links, to which requests for originals of more
// than 100 bytes are redirected.
func newLinkedServer(change ...func(*Config)) (*testServer, *linkingOrigin) {
	origin := &linkingOrigin{}
	h := newTestServer(append([]func(*Config){func(c *Config) {
		configure(c, func(p *pipeline.Config) {
			origin.Fake = p.Originals.Origin.(*storagetest.Fake)
			p.Originals.Origin, p.Originals.RedirectRaw = origin, 100
		})
	}}, change...)...)
	return h, origin
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRedirectRaw(t *testing.T) {
	t.Parallel()
	h, _ := newLinkedServer(func(c *Config) { c.CORS = "https://example.com" })
	for _, c := range []struct{ method, path, location string }{
		{"GET", "/raw/cat.jpg", "https://s3.example/cat.jpg?X-Amz-Signature=a%2Fb&disposition="},
		{"HEAD", "/raw/cat.jpg", "https://s3.example/cat.jpg?X-Amz-Signature=a%2Fb&disposition="},
		{"GET", "/raw,dl/cat.jpg", "https://s3.example/cat.jpg?X-Amz-Signature=a%2Fb&disposition=attachment; filename=cat.jpg"},
	} {
		r := h.request(c.method, c.path, "Range", "bytes=0-9", "If-None-Match", "*")
		if b := body(t, r); r.StatusCode != 302 || len(b) > 0 {
			t.Errorf("%s %s: %s, %d bytes", c.method, c.path, r.Status, len(b))
		}
		wantHeaders(t, r, map[string]string{
			"Location": c.location, "Cache-Control": "no-store", "Content-Length": "0", "Content-Type": "", "ETag": "",
			"Cache-Status":                "thumbery;fwd=bypass;detail=redirect",
			"Access-Control-Allow-Origin": "https://example.com", "Vary": "Origin", "Retry-After": "", headerProblem: "",
		})
	}
	if got := strings.Join(h.answers, " "); got != "redirect redirect redirect" {
		t.Errorf("counted %q", got)
	}
	if r := h.get("/raw/text.jpg"); r.StatusCode != 200 || string(body(t, r)) != "this is a text, and no picture" {
		t.Errorf("a small one: %s", r.Status)
	}
}

// A client is redirected to the original if this server or the origin is unavailable. Other
// errors are answered as usual.
func TestFallbackRedirect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		resizer    error
		origin     error
		unlinked   bool
		status     int
		kind       string
	}{
		{"busy", "/40x30/cat.jpg", gate.ErrBusy, nil, false, 302, "busy"},
		{"too slow", "/40x30/cat.jpg", resize.ErrTooSlow, nil, false, 302, "too-slow"},
		{"down", "/40x30/cat.jpg", nil, errOrigin, false, 302, "origin-unavailable"},
		{"down, raw", "/raw/cat.jpg", nil, errOrigin, false, 302, "origin-unavailable"},
		{"down, without links", "/40x30/cat.jpg", nil, errOrigin, true, 503, "origin-unavailable"},
		{"down, info", "/info/cat.jpg", nil, errOrigin, false, 503, "origin-unavailable"},
		{"refused", "/40x30/cat.jpg", nil, storage.ErrRefused, false, 502, "origin-refuses"},
		{"not there", "/40x30/cat.jpg", nil, storage.ErrNotFound, false, 404, "not-found"},
		{"broken", "/40x30/cat.jpg", header.ErrBroken, nil, false, 422, "broken-picture"},
		{"ours", "/40x30/cat.jpg", errors.New("libvips"), nil, false, 500, "internal"},
		{"wrong", "/40x30,f_gif/cat.jpg", nil, nil, false, 501, "unsupported"},
	} {
		h, origin := newLinkedServer(func(c *Config) { c.FallbackRedirect = true })
		h.resizer.Fail, origin.unlinked = c.resizer, c.unlinked
		if c.origin != nil {
			origin.FailAll(c.origin)
		}
		r := h.get(c.path, "X-Request-Id", "abc")
		if r.StatusCode != c.status || h.answers[0] != c.kind {
			t.Errorf("%s: %s, counted %v", c.name, r.Status, h.answers)
		}
		want := map[string]string{"Location": "", "Retry-After": "", headerProblem: "", "Content-Type": "application/problem+json"}
		switch c.status {
		case 302:
			want = map[string]string{
				"Location": "https://s3.example/cat.jpg?X-Amz-Signature=a%2Fb&disposition=", "Retry-After": "", headerProblem: c.kind,
				"Cache-Control": "no-store", "Cache-Status": "thumbery;fwd=miss;detail=" + c.kind, "Content-Type": "", "Server-Timing": "",
			}
		case 502, 503:
			want["Retry-After"] = "2"
		}
		wantHeaders(t, r, want)
		if c.status == 302 && len(body(t, r)) > 0 {
			t.Errorf("%s: the redirect has a body", c.name)
		}
		if !strings.Contains(h.log.String(), "outcome="+c.kind) || !strings.Contains(h.log.String(), "cause=") {
			t.Errorf("%s: the log has %s", c.name, h.log)
		}
	}
}

// A link that needs an answer of an origin that is down takes fallbackTimeout at most.
func TestFallbackRedirectHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, origin := newLinkedServer(func(c *Config) { c.FallbackRedirect = true })
		origin.FailAll(errOrigin)
		origin.hangs = true
		began := time.Now()
		r := h.get("/40x30/cat.jpg")
		if took := time.Since(began); r.StatusCode != 503 || took != fallbackTimeout {
			t.Errorf("%s after %v", r.Status, took)
		}
		wantHeaders(t, r, map[string]string{"Retry-After": "2", "Location": ""})
		if !strings.Contains(h.log.String(), "cannot redirect to the original") {
			t.Error("not in the log")
		}
	})
}

// A link is for the method of the request, and valid no longer than its URL.
func TestLinkOptions(t *testing.T) {
	t.Parallel()
	var keys variant.Keyring
	if err := keys.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	h, origin := newLinkedServer(func(c *Config) { c.FallbackRedirect, c.Keys = true, &keys })
	for _, c := range []struct {
		method, ops string
		left        time.Duration // 0 for ever
		down        bool
		want        storage.LinkOptions
	}{
		{"GET", "raw", 0, false, storage.LinkOptions{Expires: 15 * time.Minute}},
		{"HEAD", "raw", time.Hour, false, storage.LinkOptions{Expires: 15 * time.Minute, Head: true}},
		{"GET", "raw,dl", time.Minute, false, storage.LinkOptions{Expires: time.Minute, Disposition: "attachment; filename=cat.jpg"}},
		{"GET", "40x30", time.Minute, true, storage.LinkOptions{Expires: time.Minute}},
		{"HEAD", "40x30,f_webp,dl", 0, true, storage.LinkOptions{Expires: 15 * time.Minute, Disposition: "attachment; filename=cat.jpg", Head: true}},
		{"GET", "40x30,dl_kitten.jpg", 0, true, storage.LinkOptions{Expires: 15 * time.Minute, Disposition: "attachment; filename=kitten.jpg"}},
	} {
		var expires time.Time
		if c.left > 0 {
			expires = now.Add(c.left)
		}
		origin.FailAll(nil)
		if c.down {
			origin.FailAll(errOrigin)
		}
		r := h.request(c.method, keys.Sign(variant.Path{Ops: c.ops, Key: "cat.jpg"}, expires).String())
		if r.StatusCode != 302 || origin.last != c.want {
			t.Errorf("%s %s for %v: %s, %+v, want %+v", c.method, c.ops, c.left, r.Status, origin.last, c.want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	var p *pipeline.Pipeline
	h, _ := newLinkedServer(func(c *Config) { p = c.Pipeline })
	h.get("/40x30/cat.jpg")
	p.Originals.SetReadOnly(true)
	for path, status := range map[string]int{"/40x30/cat.jpg": 200, "/20x15/cat.jpg": 200, "/40x30/a%20b.jpg": 503} {
		r := h.get(path)
		if r.StatusCode != status {
			t.Errorf("%s: %s", path, r.Status)
		}
		if status != 503 {
			continue
		}
		wantHeaders(t, r, map[string]string{"Retry-After": "2", "Cache-Control": "no-store"})
		var doc problem
		if err := json.NewDecoder(r.Body).Decode(&doc); err != nil || doc.Type != "urn:thumbery:read-only" || !strings.Contains(doc.Detail, "read-only mode") {
			t.Errorf("%+v, %v", doc, err)
		}
	}
}

// fakeFallback is a Fallback that returns a small picture, and records its arguments.
type fakeFallback struct {
	fail error
	v    []variant.Variant
	a    variant.Accept
}

var smallPicture = resizetest.PNG(image.NewGray(image.Rect(0, 0, 4, 3)))

func (s *fakeFallback) Picture(ctx context.Context, v variant.Variant, a variant.Accept) (*pipeline.Result, error) {
	s.v, s.a = append(s.v, v), a
	if _, bounded := ctx.Deadline(); !bounded {
		return nil, errors.New("not bounded in time")
	}
	return &pipeline.Result{
		Blob: cache.InMemory(smallPicture, time.Unix(1, 0)), MediaType: "image/png", Name: "x", Source: pipeline.FromMemory,
	}, s.fail
}

func TestFallbackPicture(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path     string
		resizer  error
		status   int
		kind     string
		pictured bool
		retry    string
	}{
		{"/40x30/no.jpg", nil, 404, "not-found", true, ""},
		{"/raw/no.jpg", nil, 404, "not-found", true, ""},
		{"/info/no.jpg", nil, 404, "not-found", false, ""},
		{"/40x30/down.jpg", nil, 503, "origin-unavailable", true, "2"},
		{"/40x30/refused.jpg", nil, 502, "origin-refuses", true, "2"},
		{"/40x30/text.jpg", nil, 415, "not-a-picture", true, ""},
		{"/40x30/cat.jpg", header.ErrBroken, 422, "broken-picture", true, ""},
		{"/40x30/cat.jpg", originals.ErrQuarantined, 422, "quarantined", true, ""},
		{"/40x30/cat.jpg", resize.ErrTooMuchMemory, 422, "too-much-memory", false, ""},
		{"/40x30/cat.jpg", resize.ErrBytes, 422, "does-not-fit", false, ""},
		{"/40x30/cat.jpg", gate.ErrBusy, 503, "busy", true, "2"},
		{"/40x30/cat.jpg", errors.New("libvips"), 500, "internal", true, ""},
		{"/40x30,f_gif/cat.jpg", nil, 501, "unsupported", false, ""},
		{"/40x30,page_2/cat.jpg", nil, 400, "bad-options", false, ""},
		{"/40y30/cat.jpg", nil, 400, "bad-options", false, ""},
		{"/", nil, 400, "bad-key", false, ""},
	} {
		fallback := &fakeFallback{}
		h := newTestServer(func(c *Config) { c.Fallback = fallback })
		h.resizer.Fail = c.resizer
		h.origin.Fail("down.jpg", errOrigin)
		h.origin.Fail("refused.jpg", storage.ErrRefused)
		for _, method := range []string{"GET", "HEAD"} {
			r := h.request(method, c.path, "Range", "bytes=0-1", "If-None-Match", "*", "If-Match", `"x"`)
			if r.StatusCode != c.status || h.answers[len(h.answers)-1] != c.kind {
				t.Errorf("%s %s: %s, counted %v", method, c.path, r.Status, h.answers)
			}
			want := map[string]string{
				"Content-Type": "application/problem+json", headerProblem: "", "Retry-After": c.retry,
				"ETag": "", "Last-Modified": "", "Content-Range": "", "Accept-Ranges": "",
			}
			if c.pictured {
				want["Content-Type"], want[headerProblem], want["Cache-Control"] = "image/png", c.kind, "no-store"
				want["Cache-Status"], want["Content-Length"] = "thumbery;fwd=miss;detail="+c.kind, fmt.Sprint(len(smallPicture))
			}
			wantHeaders(t, r, want)
			if b := body(t, r); c.pictured && bytes.Equal(b, smallPicture) != (method == "GET") || c.pictured && method == "HEAD" && len(b) > 0 {
				t.Errorf("%s %s: a body of %d bytes", method, c.path, len(b))
			}
		}
		if (len(fallback.v) > 0) != c.pictured {
			t.Errorf("%s: the fallback was asked %d times", c.path, len(fallback.v))
		}
	}
}

// Refused methods, ranges, conditions and signatures have no fallback image.
func TestNoFallbackForRefusals(t *testing.T) {
	t.Parallel()
	var keys variant.Keyring
	if err := keys.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	fallback := &fakeFallback{}
	h := newTestServer(func(c *Config) { c.Fallback, c.FallbackRedirect = fallback, true })
	signed := newTestServer(func(c *Config) { c.Fallback, c.FallbackRedirect, c.Keys = fallback, true, &keys })
	for status, r := range map[int]*http.Response{
		403: signed.get("/40x30/cat.jpg"),
		405: h.request("POST", "/40x30/cat.jpg"),
		412: h.get("/40x30/cat.jpg", "If-Match", `"x"`),
		416: h.get("/40x30/cat.jpg", "Range", "bytes=99999-"),
	} {
		if r.StatusCode != status {
			t.Errorf("%s, want %d", r.Status, status)
		}
		wantHeaders(t, r, map[string]string{"Content-Type": "application/problem+json", headerProblem: ""})
	}
	if len(fallback.v) > 0 {
		t.Error("the fallback was asked")
	}
}

// If the fallback fails, the answer is the problem document.
func TestFallbackFails(t *testing.T) {
	t.Parallel()
	h := newTestServer(func(c *Config) { c.Fallback = &fakeFallback{fail: gate.ErrBusy} })
	r := h.get("/40x30,f_auto/no.jpg")
	var doc problem
	if err := json.NewDecoder(r.Body).Decode(&doc); err != nil || r.StatusCode != 404 || doc.Type != "urn:thumbery:not-found" {
		t.Errorf("%s %+v, %v", r.Status, doc, err)
	}
	wantHeaders(t, r, map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "public, max-age=60", headerProblem: "", "Cache-Status": "",
		"Vary": "Accept, Save-Data",
	})
	if !strings.Contains(h.log.String(), "cannot make the fallback image") {
		t.Error("not in the log")
	}
}

// The fallback image has the size of the request, and no options about the content of the
// original.
func TestFallbackVariant(t *testing.T) {
	t.Parallel()
	fallback := &fakeFallback{}
	h := newTestServer(func(c *Config) { c.Fallback = fallback })
	for path, want := range map[string]string{
		"/40x30/no.jpg":                               "40x30,up_1",
		"/raw,dl_x.jpg/no.jpg":                        "",
		"/40x,dpr_2,f_auto,q_50/no.jpg":               "40x,dpr_2,up_1,q_50,f_auto",
		"/40x30,fp_0.1_0.9,crop_1_2_30_40/no.jpg":     "40x30,up_1",
		"/40x30,trim,page_2,bytes_900,dl,v_7/no.jpg":  "40x30,up_1",
		"/40x30,fit_contain,bg_ff0000,round_3/no.jpg": "40x30,up_1,fit_contain,bg_ff0000,round_3",
	} {
		wanted, err := variant.Parse(want)
		if want != "" && err != nil {
			t.Fatal(err)
		}
		fallback.v = nil
		r := h.get(path, "Accept", "image/webp")
		if len(fallback.v) != 1 || fallback.v[0] != wanted {
			t.Errorf("%s: asked for %v, want %v", path, fallback.v, wanted)
		}
		if auto := strings.Contains(path, "f_auto"); auto != (fallback.a == variant.AcceptWebP) || auto != (r.Header.Get("Vary") != "") {
			t.Errorf("%s: accepting %b, Vary %q", path, fallback.a, r.Header.Get("Vary"))
		}
		wantHeaders(t, r, map[string]string{"Content-Disposition": ""})
	}
}
