package api

import (
	"bytes"
	"errors"
	"image"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// fetchAll gets a body over a real connection, where a truncated answer can be detected.
func fetchAll(t *testing.T, url string, headers ...string) (status int, body []byte, err error) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	r.Close = true // otherwise the client would retry
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// If a body turns out to be unreadable while it is sent, the answer is truncated, and the
// next one is complete.
func TestUnreadableWhileSending(t *testing.T) {
	t.Parallel()
	whole := resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 1000, 1000)))
	for what, c := range map[string]struct {
		path    string
		headers []string
		store   func(*testServer) *cachetest.Fake
		want    []byte
	}{
		"/raw/":        {"/raw/big.jpg", nil, func(h *testServer) *cachetest.Fake { return h.originals }, whole},
		"a part of it": {"/raw/big.jpg", []string{"Range", "bytes=100-9099"}, func(h *testServer) *cachetest.Fake { return h.originals }, whole[100:9100]},
		"a derivative": {"/900x900/big.jpg", nil, func(h *testServer) *cachetest.Fake { return h.derivatives }, nil},
		"some parts":   {"/raw/big.jpg", []string{"Range", "bytes=0-9,5000-9099"}, func(h *testServer) *cachetest.Fake { return h.originals }, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newTestServer(func(c *Config) { c.Pipeline.Derivatives.SetMemory(false) })
			h.origin.Put("big.jpg", whole)
			s := httptest.NewServer(h)
			defer s.Close()
			_, first, err := fetchAll(t, s.URL+c.path, c.headers...)
			if err != nil {
				t.Fatal(err)
			}
			c.store(h).Damage(syscall.EIO, 8000)
			status, body, err := fetchAll(t, s.URL+c.path, c.headers...)
			if !errors.Is(err, io.ErrUnexpectedEOF) || status >= 300 || len(body) >= len(first) {
				t.Errorf("%d, %d of %d bytes, %v", status, len(body), len(first), err)
			}
			status, body, err = fetchAll(t, s.URL+c.path, c.headers...)
			if err != nil || status >= 300 || c.want != nil && !bytes.Equal(body, c.want) || len(body) != len(first) {
				t.Errorf("the next: %d, %d of %d bytes, %v", status, len(body), len(first), err)
			}
			s.Close() // after which nothing is written to the log
			if !strings.Contains(h.log.String(), "input/output error") {
				t.Errorf("the log does not say why:\n%s", h.log)
			}
		})
	}
}
