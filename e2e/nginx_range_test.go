package e2e

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"
)

// Through nginx, too, Range is answered as RFC 9110 says: what nginx would answer
// otherwise it is not left to.
func TestNginxRanges(t *testing.T) {
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache, "--accel", "/cache/")
	front := front(t, s, cache, nil)
	for _, path := range []string{"/300x200/photos/cat.jpg", "/raw/photos/cat.jpg"} {
		get(t, front+path)
		whole := get(t, front+path)
		n := len(whole.body)
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
			r := get(t, front+path, "Range", tt.value)
			if r.status != tt.status || r.status != 416 && !bytes.Equal(r.body, whole.body[tt.first:tt.end]) {
				t.Errorf("%s %s: %d, %d bytes", path, tt.value, r.status, len(r.body))
			}
			if r.status == 416 && r.header.Get("Content-Range") != "bytes */"+strconv.Itoa(n) {
				t.Errorf("%s %s: %v", path, tt.value, r.header)
			}
			head := ask(t, http.MethodHead, front+path, "Range", tt.value)
			if head.status != 200 || len(head.body) != 0 {
				t.Errorf("HEAD %s %s: %d", path, tt.value, head.status)
			}
			for _, name := range []string{"Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Cache-Status", "Content-Range"} {
				if got, want := head.header.Get(name), whole.header.Get(name); got != want {
					t.Errorf("HEAD %s %s: %s is %q, and %q for GET", path, tt.value, name, got, want)
				}
			}
		}
	}
}
