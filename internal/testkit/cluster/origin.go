package cluster

import (
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// origin stands between a node and MinIO, and counts what the node fetches: its own metrics
// end with it.
type origin struct {
	URL string

	bucket  string // of the originals
	mu      sync.Mutex
	fetches map[string]int // by key
}

// startOrigin starts one that listens at an IP address.
func startOrigin(t pinned.T, store *minio.Server, bucket, ip string) *origin {
	t.Helper()
	o := &origin{bucket: bucket, fetches: map[string]int{}}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: strings.TrimPrefix(store.Endpoint, "http://")})
			r.Out.Host = r.In.Host // which is signed
		},
		ModifyResponse: func(r *http.Response) error {
			o.count(r)
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	})
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	o.URL = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		transport.CloseIdleConnections()
	})
	return o
}

// count counts an answer with an original.
func (o *origin) count(r *http.Response) {
	key, found := strings.CutPrefix(r.Request.URL.Path, "/"+o.bucket+"/")
	if r.Request.Method != http.MethodGet || !found || key == "" || r.StatusCode >= http.StatusMultipleChoices {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fetches[key]++
}

// Endpoint is the URL at which the node reaches MinIO.
func (n *Node) Endpoint() string { return n.origin.URL }

// Fetches counts how often the node has fetched each original since it was first started.
func (n *Node) Fetches() map[string]int {
	n.origin.mu.Lock()
	defer n.origin.mu.Unlock()
	return maps.Clone(n.origin.fetches)
}
