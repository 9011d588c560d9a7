package serve

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
)

// gate is a proxy in front of an S3 server. After some requests of a kind it closes:
// later ones of that kind wait until it is opened or their client leaves.
type gate struct {
	*httptest.Server
	closed chan struct{} // is closed when it closes
	open   func()
	failed atomic.Int64 // requests that did not reach the server
}

func isUpload(r *http.Request) bool { return r.Method == http.MethodPut }

// isFetch tells the fetch of an original from requests about buckets.
func isFetch(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".jpg")
}

func newGate(t *testing.T, server string, counts func(*http.Request) bool, pass int64) *gate {
	t.Helper()
	upstream, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan struct{})
	g := &gate{closed: make(chan struct{}), open: sync.OnceFunc(func() { close(opened) })}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.Out.Host = r.In.Host // which is signed
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			g.failed.Add(1)
			panic(http.ErrAbortHandler) // as the server's own connection ended
		},
	}
	var begun atomic.Int64
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !counts(r) {
			proxy.ServeHTTP(w, r)
			return
		}
		n := begun.Add(1)
		if n == pass+1 {
			close(g.closed)
		}
		if n > pass && !g.hold(r, opened) {
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	t.Cleanup(g.open) // first
	return g
}

// hold waits until the gate is opened, and returns false if the client leaves before.
func (g *gate) hold(r *http.Request, opened <-chan struct{}) bool {
	body, err := io.ReadAll(r.Body) // net/http only notices that a client leaves when the body was read
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	select {
	case <-opened:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (g *gate) awaitClosed(t *testing.T) {
	t.Helper()
	select {
	case <-g.closed:
	case <-time.After(e2e.Limit):
		t.Fatal("the requests that close the gate do not come")
	}
}

// through is the URL of a bucket with the gate as its endpoint.
func (g *gate) through(bucket string) string {
	before, _, _ := strings.Cut(bucket, "endpoint=")
	return before + "endpoint=" + g.URL
}
