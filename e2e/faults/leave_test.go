package faults

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// stalled is an S3 backend that sends nothing, or the beginning of a body, and then waits
// until the client leaves.
type stalled struct {
	*httptest.Server
	reached atomic.Int64 // requests that are being answered
}

func stall(t *testing.T) *stalled {
	t.Helper()
	s := &stalled{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.reached.Add(1)
		defer s.reached.Add(-1)
		if strings.Contains(r.URL.Path, "half") {
			w.Header().Set("Content-Length", "100000")
			w.Header().Set("Last-Modified", "Fri, 17 May 2024 10:30:00 GMT")
			w.Header().Set("ETag", `"1"`)
			_, _ = io.WriteString(w, strings.Repeat("x", 1000)) // the client may have left
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	return s
}

// All work for a client ends when it leaves, even if the origin would never answer.
func TestNothingGoesOnForWhoHasLeft(t *testing.T) {
	t.Parallel()
	one, other := stall(t), stall(t)
	source := func(s *stalled) string { return "s3://bucket?region=us-east-1&endpoint=" + s.URL }
	s := e2e.Serve(t, "--cache", t.TempDir(), "--fetch-timeout", "1h", "--first-byte-timeout", "1h", "--hedge", "1ms",
		"--source", "/one/="+source(one), "--source", "/two/="+source(one)+"|"+source(other))
	for _, tt := range []struct {
		path     string
		headers  []string
		backends int64 // that are asked
	}{
		{"/300x/one/silent.jpg", nil, 1},
		{"/300x/one/half.jpg", nil, 1},
		{"/raw/one/silent.jpg", nil, 1},
		{"/raw/one/half.jpg", nil, 1},
		{"/info/one/half.jpg", nil, 1},
		{"/100x100,g_smart,f_auto/one/half.jpg", []string{"Accept", "image/avif,image/webp"}, 1},
		{"/300x/two/silent.jpg", nil, 2},
		{"/300x/two/half.jpg", nil, 1},
	} {
		t.Run(strings.ReplaceAll(tt.path[1:], "/", " "), func(t *testing.T) {
			for _, body := range []string{"", "hello"} {
				ctx, leave := context.WithCancel(t.Context())
				left := make(chan error, 1)
				go func() { left <- visit(ctx, s.URL+tt.path, body, tt.headers...) }()
				e2e.Eventually(t, "the origin is asked", func() bool { return one.reached.Load()+other.reached.Load() >= tt.backends })
				leave()
				if err := <-left; err == nil {
					t.Error("it was answered")
				}
				e2e.Eventually(t, "all is over", func() bool {
					for _, gauge := range []string{"resizing", "queue", "fetching", "fetch_queue"} {
						if s.Metric(t, "thumbery_"+gauge) > 0 {
							return false
						}
					}
					return one.reached.Load()+other.reached.Load() == 0
				})
			}
		})
	}
}

// visit sends a request with a useless body and reads the answer until ctx ends.
func visit(ctx context.Context, url, body string, headers ...string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := e2e.Client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
