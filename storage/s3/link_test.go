package s3_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
)

// browse gets a URL as a browser does.
func browse(t *testing.T, link string) (body []byte, disposition string, ok bool) {
	t.Helper()
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return body, resp.Header.Get("Content-Disposition"), resp.StatusCode == http.StatusOK
}

// testLinks: links to a real server, under its name and under another one.
func testLinks(t *testing.T, server *minio.Server) {
	fill(t, server, "links", "", map[string][]byte{"p/a b.jpg": []byte("a")})
	server.MakePublic(t, "links")
	target, _ := url.Parse(server.Endpoint)
	hosts := make(chan string, 1)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts <- r.Host
		// As it came, with its Host, which the signature covers.
		httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
	}))
	defer front.Close()
	for _, query := range []string{"&public=" + front.URL, "&region=us-east-1&public=" + front.URL, "&anonymous=true&public=" + front.URL} {
		origin := open(t, server, "links", "p", query)
		link, err := origin.Link(t.Context(), "a b.jpg", storage.LinkOptions{Expires: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		headLink(t, origin, "a b.jpg")
		if asked := <-hosts; asked != strings.TrimPrefix(front.URL, "http://") {
			t.Errorf("HEAD asked %s", asked)
		}
		if body, _, ok := browse(t, link); !ok || string(body) != "a" {
			t.Errorf("%s: %q, %t", link, body, ok)
		}
		if asked := <-hosts; asked != strings.TrimPrefix(front.URL, "http://") {
			t.Errorf("%s: asked %s, want %s", link, asked, front.URL)
		}
		if strings.Contains(query, "anonymous") == strings.Contains(link, "?") {
			t.Errorf("%s for %s", link, query)
		}
	}
}

// headLink: a link for HEAD is good for HEAD.
func headLink(t *testing.T, origin *s3.Origin, key string) {
	t.Helper()
	link, err := origin.Link(t.Context(), key, storage.LinkOptions{Expires: time.Minute, Head: true})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Head(link)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ContentLength != 1 {
		t.Errorf("HEAD %s: %s, %d bytes", link, resp.Status, resp.ContentLength)
	}
}

// TestLinkWithoutNetwork: the backend is down.
func TestLinkWithoutNetwork(t *testing.T) {
	t.Parallel()
	tests := []struct {
		source, want string
		expires      time.Duration
	}{
		{"s3://bucket/p?region=eu-west-1", "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/p/a%20b.jpg?", 90 * time.Second},
		{"s3://bucket?region=x&endpoint=http://127.0.0.1:1", "http://127.0.0.1:1/bucket/a%20b.jpg?", time.Second},
		{"s3://bucket?region=x&endpoint=http://127.0.0.1:1&public=https://cdn.example.com", "https://cdn.example.com/bucket/a%20b.jpg?", 7 * 24 * time.Hour},
		{"s3://bucket?region=x&lookup=dns&endpoint=http://127.0.0.1:1&public=https://example.com", "https://bucket.example.com/a%20b.jpg?", time.Hour},
		{"s3://bucket?region=x&anonymous=true&endpoint=http://127.0.0.1:1&public=https://cdn.example.com", "https://cdn.example.com/bucket/a%20b.jpg", time.Hour},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.source)
		if err != nil {
			t.Fatal(err)
		}
		origin, err := s3.Open(u, s3.Options{AccessKey: "user", SecretKey: "s3cr3t-of-user"})
		if err != nil {
			t.Fatal(err)
		}
		link, err := origin.Link(t.Context(), "a b.jpg", storage.LinkOptions{Expires: tt.expires, Disposition: "attachment"})
		if err != nil {
			t.Errorf("%s: %v", tt.source, err)
			continue
		}
		if base, query, signed := strings.Cut(link, "?"); signed != strings.HasSuffix(tt.want, "?") || base != strings.TrimSuffix(tt.want, "?") || strings.Contains(link, "s3cr3t") {
			t.Errorf("%s: %s, want %s", tt.source, link, tt.want)
		} else if values, _ := url.ParseQuery(query); signed &&
			(values.Get("X-Amz-Expires") != seconds(tt.expires) || values.Get("response-content-disposition") != "attachment") {
			t.Errorf("%s: %v, want %s seconds", tt.source, values, seconds(tt.expires))
		}
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// TestLinkFails: without a region the backend is asked for it, and may be down.
func TestLinkFails(t *testing.T) {
	t.Parallel()
	u, _ := url.Parse("s3://bucket?endpoint=http://127.0.0.1:1")
	origin, err := s3.Open(u, s3.Options{AccessKey: "user", SecretKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = origin.Link(t.Context(), "a", storage.LinkOptions{Expires: time.Hour})
	wantUnavailable(t, err, "refused")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := origin.Link(ctx, "a", storage.LinkOptions{Expires: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}

func TestKeyOf(t *testing.T) {
	t.Parallel()
	u, _ := url.Parse("s3://bucket/pre/fix?region=x")
	origin, err := s3.Open(u, s3.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ bucket, object, want string }{
		{"bucket", "pre/fix/cat.jpg", "cat.jpg"},
		{"bucket", "pre/fix/a b/ü+.jpg", "a b/ü+.jpg"},
		{"other", "pre/fix/cat.jpg", ""},
		{"bucket", "pre/fixed/cat.jpg", ""},
		{"bucket", "cat.jpg", ""},
		{"bucket", "pre/fix/", ""},
		{"bucket", "pre/fix//cat.jpg", ""},
		{"bucket", "pre/fix/../cat.jpg", ""},
		{"bucket", "pre/fix/a\nb", ""},
		{"bucket", "", ""},
	}
	for _, tt := range tests {
		if got, ok := origin.KeyOf(tt.bucket, tt.object); got != tt.want && ok || ok != (tt.want != "") {
			t.Errorf("%s %q: %q, %t; want %q", tt.bucket, tt.object, got, ok, tt.want)
		}
	}
}
