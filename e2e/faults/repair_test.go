package faults

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/minio"
)

// stopsAt is a proxy in front of a server. Requests whose query contains a text are never
// answered; reached is closed when the first of them arrives. The first attempts to abort
// an upload fail, so that aborting takes until the client retries.
func stopsAt(t *testing.T, server, what string) (endpoint string, reached <-chan struct{}) {
	t.Helper()
	upstream, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	point := make(chan struct{})
	reach := sync.OnceFunc(func() { close(point) })
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.Out.Host = r.In.Host // which is signed
	}}
	var aborts atomic.Int32
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodDelete && aborts.Add(1) <= 2: // at once, and when the part has ended
			w.WriteHeader(http.StatusInternalServerError)
			return
		case !strings.Contains(r.URL.RawQuery, what):
			proxy.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		reach()
		<-r.Context().Done()
	}))
	t.Cleanup(front.Close)
	return front.URL, point
}

// On SIGTERM, a repair that has uploaded a part of an original removes it.
func TestStoppedRepairLeavesNothing(t *testing.T) {
	t.Parallel()
	server := minio.Start(t)
	server.MakeBucket(t, "new")
	endpoint, reached := stopsAt(t, server.Endpoint, "partNumber=2")
	old := t.TempDir()
	large := make([]byte, 20<<20) // three parts
	_, _ = rand.Read(large)
	if err := os.WriteFile(filepath.Join(old, "large.tif"), large, 0o600); err != nil {
		t.Fatal(err)
	}
	s := e2e.Serve(t, "--repair", "--source", "/=s3://new?region=us-east-1&endpoint="+endpoint+",file:"+old, "--cache", t.TempDir())
	if r := e2e.Get(t, s.URL+"/raw/large.tif"); r.Status != http.StatusOK || len(r.Body) != len(large) {
		t.Fatalf("status %d, %d bytes", r.Status, len(r.Body))
	}
	<-reached
	if err := s.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-s.Done; err != nil {
		t.Errorf("exit: %v", err)
	}
	if strings.Contains(s.Log.String(), "did not end within --grace") {
		t.Errorf("the repair has not ended\n%s", s.Log)
	}
	for upload := range server.Client().ListIncompleteUploads(t.Context(), "new", "large.tif", true) { // MinIO lists them by whole keys only
		t.Errorf("left behind: %s of %d bytes, %v", upload.Key, upload.Size, upload.Err)
	}
}
