package api

import (
	"fmt"
	"image"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// The headers of a refusal are those that clients get.
func TestPreviewOfRefusal(t *testing.T) {
	t.Parallel()
	h := newTestServer(func(c *Config) {
		c.Keys, c.ClientHints, c.TagHeaders = &variant.Keyring{}, true, []TagHeader{"Cache-Tag"}
		if err := c.Keys.Add("k1:a-secret-of-the-tests"); err != nil {
			t.Fatal(err)
		}
	})
	s, _ := h.Handler.(*Server)
	for _, path := range []string{"/40x,f_auto/cat.jpg", "/s.k1.AAAA/40x,f_auto/cat.jpg", "/40x/cat.jpg", "/bad/cat.jpg"} {
		real := httptest.NewRecorder()
		h.ServeHTTP(real, newRequest(t.Context(), http.MethodHead, path, nil))
		_, err := s.Read(path, nil)
		shown := s.Preview(path, nil, nil, err)
		real.Header().Del(headerRequestID)
		if got, want := fmt.Sprint(shown.Status, shown.Header), fmt.Sprint(real.Code, map[string][]string(real.Header())); got != want {
			t.Errorf("%s: %s, and clients get %s", path, got, want)
		}
	}
}

// An answer whose body cannot be read to its end is shown as aborted.
func TestServeIsAborted(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	h.origin.Put("big.jpg", resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 1000, 1000))))
	s, _ := h.Handler.(*Server)
	for i, want := range []string{"miss", "aborted", "miss", "disk"} {
		if i == 1 {
			h.originals.Damage(syscall.EIO, 8000)
		}
		if a := s.Serve(t.Context(), "/raw/big.jpg", nil); a.Outcome != want || a.Status != http.StatusOK {
			t.Errorf("request %d: %d %s, want %s", i+1, a.Status, a.Outcome, want)
		}
	}
}
