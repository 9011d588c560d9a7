package proxy

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// Through nginx, too, Range is handled as in RFC 9110: Thumbery itself answers where nginx
// would not.
func TestNginxRanges(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--accel", "/cache/")
	front := e2e.Nginx(t, s, cache, nil)
	for _, path := range []string{"/300x200/photos/cat.jpg", "/raw/photos/cat.jpg"} {
		e2e.Get(t, front+path)
		whole := e2e.Get(t, front+path)
		n := len(whole.Body)
		for _, tt := range []struct {
			value      string
			status     int
			first, end int
		}{
			{"bytes=10-19", 206, 10, 20},
			{"bytes=-5", 206, n - 5, n},
			{"bytes=0-99999999999999999999", 206, 0, n},
			{"bytes=-0", 416, 0, 0},
			{"bytes=99999999999999999999-", 416, 0, 0},
			{"bytes=9-0", 200, 0, n},
			{"items=0-9", 200, 0, n},
			{"bytes=0-,0-,0-,0-", 200, 0, n},
		} {
			r := e2e.Get(t, front+path, "Range", tt.value)
			if r.Status != tt.status || r.Status != 416 && !bytes.Equal(r.Body, whole.Body[tt.first:tt.end]) {
				t.Errorf("%s %s: %d, %d bytes", path, tt.value, r.Status, len(r.Body))
			}
			if r.Status == 416 && r.Header.Get("Content-Range") != "bytes */"+strconv.Itoa(n) {
				t.Errorf("%s %s: %v", path, tt.value, r.Header)
			}
			head := e2e.Ask(t, http.MethodHead, front+path, "Range", tt.value)
			if head.Status != 200 || len(head.Body) != 0 {
				t.Errorf("HEAD %s %s: %d", path, tt.value, head.Status)
			}
			for _, name := range []string{"Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Cache-Status", "Content-Range"} {
				if got, want := head.Header.Get(name), whole.Header.Get(name); got != want {
					t.Errorf("HEAD %s %s: %s is %q, and %q for GET", path, tt.value, name, got, want)
				}
			}
		}
	}
}
