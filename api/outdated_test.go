package api

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// An answer whose picture was forgotten while it was made is for no cache, whatever it is;
// the next one is.
func TestForgottenMeanwhile(t *testing.T) {
	t.Parallel()
	const kept = "public, max-age=3600, immutable"
	for _, c := range []struct {
		path   string
		status int
		kept   string // of the next answer
	}{
		{"/40x30/cat.jpg", 200, kept},
		{"/info/cat.jpg", 200, kept},
		{"/raw/cat.jpg", 200, kept},
		{"/40x30/none.jpg", 404, "public, max-age=60"},
		{"/40x30/text.jpg", 415, "public, max-age=60"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var p *pipeline.Pipeline
			h := newTestServer(func(c *Config) {
				p, c.Observer = c.Pipeline, nil // which several goroutines would call at once
				c.Hot = HotHeaders{After: 1, Window: 1 << 40, Header: HotHeader{Name: "X-Accel-Expires", Hot: "60", Cold: "0"}}
			})
			release := h.origin.Hold()
			answers := make(chan *http.Response)
			for range 3 { // of which the last is hot
				go func() { answers <- h.get(c.path) }()
				synctest.Wait()
			}
			path, err := variant.ParsePath(c.path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Forget(path.Key); err != nil {
				t.Fatal(err)
			}
			release()
			for range 3 {
				r := <-answers
				if r.StatusCode != c.status {
					t.Errorf("%s: %s", c.path, r.Status)
				}
				wantHeaders(t, r, map[string]string{"Cache-Control": "no-store", "X-Accel-Expires": "0"})
			}
			wantHeaders(t, h.get(c.path), map[string]string{"Cache-Control": c.kept})
		})
	}
}
