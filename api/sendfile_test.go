package api

import (
	"image"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// getBody returns an answer and its body.
func getBody(t *testing.T, h *testServer, path string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	r := h.get(path, headers...)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, body
}

func TestSendFile(t *testing.T) {
	t.Parallel()
	const path = "/40x30/photos/cat.jpg"
	for _, tt := range []struct{ header, prefix, ownTag string }{
		{AccelHeader, "/cache/", `"664731a8-`},
		{"X-Sendfile", "/var/cache/", ""},
	} {
		public, dir := newDiskHandler(t, 0, func(c *Config) {
			c.SendFile, c.TagHeaders = SendFile{tt.header, tt.prefix}, []TagHeader{"Xkey"}
		})
		h := &testServer{Handler: public}
		var named string
		for i, status := range []string{"thumbery;fwd=miss;stored;detail=disk", "thumbery;hit;detail=disk", "thumbery;hit;detail=disk"} {
			r, body := getBody(t, h, path)
			if r.StatusCode != 200 || len(body) != 0 {
				t.Fatalf("%s: %s, %d bytes", tt.header, r.Status, len(body))
			}
			wantHeaders(t, r, map[string]string{
				"Cache-Status": status, "ETag": "", "Last-Modified": "", "Content-Type": "image/jpeg",
				"Cache-Control": "public, max-age=3600, immutable", "X-Content-Type-Options": "nosniff",
				"Xkey": string(variant.Key("photos/cat.jpg").Name()),
			})
			if i > 0 && r.Header.Get(tt.header) != named {
				t.Errorf("%s is %q and %q", tt.header, named, r.Header.Get(tt.header))
			}
			named = r.Header.Get(tt.header)
		}
		file := filepath.Join(dir, named[len(tt.prefix):])
		want, err := os.ReadFile(file)
		if err != nil || named[:len(tt.prefix)] != tt.prefix {
			t.Fatalf("%q: %v", named, err)
		}
		for _, there := range []bool{true, false} { // and when it has been purged
			r, body := getBody(t, h, path, headerNoAccel, "1")
			if r.StatusCode != 200 || string(body) != string(want) || r.Header.Get(tt.header) != "" {
				t.Errorf("%s: %s, %d bytes, %v", headerNoAccel, r.Status, len(body), r.Header)
			}
			if tag := r.Header.Get("ETag"); len(tag) < len(tt.ownTag) || tag[:len(tt.ownTag)] != tt.ownTag || tt.ownTag == "" && tag != "" {
				t.Errorf("tag %q, want %s…", tag, tt.ownTag)
			}
			if err := os.Remove(file); err != nil && there {
				t.Fatal(err)
			}
		}
	}
}

// The media type is that of the file, also after the file has changed.
func TestSendFileFollowsTheFile(t *testing.T) {
	t.Parallel()
	public, dir := newDiskHandler(t, 0, func(c *Config) { c.SendFile = SendFile{AccelHeader, "/"} })
	h := &testServer{Handler: public}
	const path = "/40x30/photos/cat.jpg"
	r, _ := getBody(t, h, path)
	file := filepath.Join(dir, r.Header.Get(AccelHeader))
	getBody(t, h, path) // caches that the file is a JPEG
	png := resizetest.PNG(image.NewGray(image.Rect(0, 0, 40, 30)))
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r, _ = getBody(t, h, path)
		wantHeaders(t, r, map[string]string{"Content-Type": "image/png", "Cache-Status": "thumbery;hit;detail=disk"})
	}
	// A file that is empty, truncated, or no picture is made again.
	for _, damaged := range []string{"", string(png[:len(png)/2]), "this is a text, and no picture, of some length"} {
		if err := os.WriteFile(file, []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
		r, _ = getBody(t, h, path)
		wantHeaders(t, r, map[string]string{"Content-Type": "image/jpeg", "Cache-Status": "thumbery;fwd=miss;stored;detail=disk"})
	}
}

// A parsed path is cached no longer than it is valid.
func TestRememberedUntilItExpires(t *testing.T) {
	t.Parallel()
	var keys variant.Keyring
	if err := keys.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	clock := now
	h := newTestServer(func(c *Config) { c.Keys, c.Now = &keys, func() time.Time { return clock } })
	path := keys.Sign(variant.Path{Ops: "40x30", Key: "cat.jpg"}, now.Add(time.Minute)).String()
	for _, step := range []struct {
		after  time.Duration
		status int
		maxAge string
	}{
		{0, 200, "public, max-age=60"},
		{20 * time.Second, 200, "public, max-age=40"},
		{59 * time.Second, 200, "public, max-age=1"},
		{time.Minute, 403, "no-store"},
		{time.Hour, 403, "no-store"},
	} {
		clock = now.Add(step.after)
		r := h.get(path)
		if r.StatusCode != step.status {
			t.Errorf("after %v: %s", step.after, r.Status)
		}
		wantHeaders(t, r, map[string]string{"Cache-Control": step.maxAge})
	}
}

// With f_auto, each format has its own name, though the URL is the same.
func TestSendFileAuto(t *testing.T) {
	t.Parallel()
	public, _ := newDiskHandler(t, 0, func(c *Config) { c.SendFile = SendFile{AccelHeader, "/"} })
	h := &testServer{Handler: public}
	named := map[string]string{}
	for range 2 {
		for _, accept := range []string{"", "image/webp", "image/avif", "image/avif,image/webp"} {
			r, _ := getBody(t, h, "/40x30,f_auto/photos/cat.jpg", "Accept", accept)
			wantHeaders(t, r, map[string]string{"Vary": "Accept, Save-Data"})
			path := r.Header.Get(AccelHeader)
			if before, ok := named[accept]; path == "" || ok && path != before {
				t.Errorf("Accept %q: %q, and before %q", accept, path, before)
			}
			named[accept] = path
		}
	}
	if n := len(unique(named)); n != 4 {
		t.Errorf("four ways to accept have %d files: %v", n, named)
	}
}

func unique(m map[string]string) map[string]bool {
	values := map[string]bool{}
	for _, v := range m {
		values[v] = true
	}
	return values
}
