package api

import (
	"image"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

func TestTagHeader(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]TagHeader{
		"Cache-Tag": "Cache-Tag", "surrogate-key": "Surrogate-Key", "xkey": "Xkey", "Edge-Cache-Tag": "Edge-Cache-Tag", "X-Cache-Tags": "X-Cache-Tags",
		"": "", "ETag": "", "Cache-Control": "", "Tag": "", "X-Key: 1": "", "X-Ä-Key": "", "Set-Cookie": "", "X-Key\r\nA": "", "-Key": "", "xkeys": "",
		strings.Repeat("a", 21) + "-Key": "",
	} {
		var h TagHeader
		if err := h.UnmarshalText([]byte(given)); h != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", given, h, err)
		}
	}
}

// Every answer about a picture has its tag, whatever the answer is; those about URLs that
// are refused have none.
func TestTags(t *testing.T) {
	t.Parallel()
	h, _ := newLinkedServer(func(c *Config) {
		c.TagHeaders = []TagHeader{"Cache-Tag", "Xkey"}
		c.Fallback = &fakeFallback{}
		c.ClientHints = true
	})
	h.origin.Put("large.bin", make([]byte, 1000))
	h.origin.Put("broken.jpg", resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60)))[:200])
	etag := h.get("/40x30/cat.jpg").Header.Get("ETag")
	for _, c := range []struct {
		path    string
		headers []string
		status  int
		key     variant.Key
	}{
		{"/40x30/cat.jpg", nil, 200, "cat.jpg"},
		{"/40x30/cat.jpg", []string{"If-None-Match", etag}, 304, "cat.jpg"},
		{"/40x30/cat.jpg", []string{"Range", "bytes=0-9"}, 206, "cat.jpg"},
		{"/40x30/cat.jpg", []string{"Range", "bytes=9999999-"}, 416, "cat.jpg"},
		{"/40x,f_auto/cat.jpg", []string{"Sec-CH-DPR", "2"}, 200, "cat.jpg"},
		{"/50x30,v_2/a%20b.jpg", nil, 200, "a b.jpg"},
		{"/info/cat.jpg", nil, 200, "cat.jpg"},
		{"/raw/large.bin", nil, 302, "large.bin"},
		{"/40x30/none.jpg", nil, 404, "none.jpg"},
		{"/info/none.jpg", nil, 404, "none.jpg"},
		{"/40x30/text.jpg", nil, 415, "text.jpg"},
		{"/40x30/broken.jpg", nil, 422, "broken.jpg"},
		{"/40y30/cat.jpg", nil, 400, ""},
		{"/", nil, 400, ""},
	} {
		want := ""
		if c.key != "" {
			want = string(c.key.Name())
		}
		for _, method := range []string{"GET", "HEAD"} {
			r := h.request(method, c.path, c.headers...)
			if r.StatusCode != c.status && method == "GET" {
				t.Errorf("%s %v: %s, want %d", c.path, c.headers, r.Status, c.status)
			}
			wantHeaders(t, r, map[string]string{"Cache-Tag": want, "Xkey": want, "Surrogate-Key": ""})
		}
	}
	wantHeaders(t, h.request("POST", "/40x30/cat.jpg"), map[string]string{"Cache-Tag": ""})
	wantHeaders(t, newTestServer().get("/40x30/cat.jpg"), map[string]string{"Cache-Tag": "", "Xkey": ""})
}
