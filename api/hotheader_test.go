package api

import (
	"strings"
	"testing"
)

func parseHotHeader(s string) (h HotHeader, err error) {
	err = h.UnmarshalText([]byte(s))
	return h, err
}

func TestParseHotHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given string
		want  HotHeader
	}{
		{"X-Accel-Expires: 3600", HotHeader{"X-Accel-Expires", "3600", "0"}},
		{"x-accel-expires:60", HotHeader{"X-Accel-Expires", "60", "0"}},
		{"Surrogate-Control: max-age=3600", HotHeader{"Surrogate-Control", "max-age=3600", "max-age=0"}},
		{`Surrogate-Control: content="ESI/1.0", Max-Age=90+30`, HotHeader{"Surrogate-Control", `content="ESI/1.0", Max-Age=90+30`, "max-age=0"}},
		{"CDN-Cache-Control: public, s-maxage=5", HotHeader{"Cdn-Cache-Control", "public, s-maxage=5", "no-store"}},
		{"cloudflare-cdn-cache-control: max-age=5", HotHeader{"Cloudflare-Cdn-Cache-Control", "max-age=5", "no-store"}},
		{"X-Hot:  yes, very ", HotHeader{"X-Hot", "yes, very", ""}},
	} {
		if got, err := parseHotHeader(c.given); err != nil || got != c.want {
			t.Errorf("%q: %+v, %v", c.given, got, err)
		}
	}
	for given, reason := range map[string]string{
		"": "not of the form", "X-Accel-Expires": "not of the form", "X-Accel-Expires:": "not of the form",
		"X-Accel-Expires: 0": "no lifetime in seconds", "X-Accel-Expires: 1h": "no lifetime in seconds", "X-Accel-Expires: -1": "no lifetime in seconds",
		"X-Accel-Expires: @1800000000": "no lifetime in seconds", "X-Accel-Expires: 99999999999": "no lifetime in seconds",
		"Surrogate-Control: no-store": "max-age=3600", "CDN-Cache-Control: max-age=0": "no lifetime in seconds",
		"Surrogate-Control: x-max-age=3600": "max-age=3600",
		"Cache-Control: max-age=3600":       "not a header for caches", "Content-Type: text/html": "not a header for caches",
		"Set-Cookie: a=b": "not a header for caches", "X-Accel-Redirect: /etc/passwd": "not a header for caches",
		"x-request-id: 1": "not a header for caches", "X-Sendfile: /": "not a header for caches", "X-Ä: 1": "not a header for caches",
		"X-Hot: a\r\nSet-Cookie: b": "visible", "X-Hot: ä": "visible", "X-Hot: " + strings.Repeat("a", 257): "visible",
	} {
		if h, err := parseHotHeader(given); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %+v, %v", given, h, err)
		}
	}
}

func FuzzParseHotHeader(f *testing.F) {
	f.Add("X-Accel-Expires: 3600")
	f.Add("Surrogate-Control: max-age=3600")
	f.Add("X-Hot: a\nb")
	f.Add("Cache-Tag")
	f.Fuzz(func(t *testing.T, s string) {
		var tag TagHeader
		if err := tag.UnmarshalText([]byte(s)); err == nil && (strings.ContainsAny(s, " :\r\n\x00") || !strings.EqualFold(s, string(tag))) {
			t.Errorf("%q is taken for the name of a header, %q", s, tag)
		}
		h, err := parseHotHeader(s)
		if err != nil {
			return
		}
		if again, err := parseHotHeader(h.Name + ": " + h.Hot); err != nil || again != h {
			t.Errorf("%q is %+v, and that %+v, %v", s, h, again, err)
		}
		if strings.ContainsAny(h.Name+h.Hot, "\r\n\x00") || h.Hot == h.Cold {
			t.Errorf("%q: %+v", s, h)
		}
	})
}
