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

	mu      sync.Mutex
	fetches map[string]int // by bucket and key
}

// startOrigin starts one that listens at an IP address.
func startOrigin(t pinned.T, store *minio.Server, ip string) *origin {
	t.Helper()
	o := &origin{fetches: map[string]int{}}
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

// count counts an answer with an object.
func (o *origin) count(r *http.Response) {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.Request.URL.Path, "/"), "/")
	if r.Request.Method != http.MethodGet || key == "" || r.StatusCode >= http.StatusMultipleChoices {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fetches[key]++
}

// Fetches counts how often the node has fetched each original since it was first started.
func (n *Node) Fetches() map[string]int {
	n.origin.mu.Lock()
	defer n.origin.mu.Unlock()
	return maps.Clone(n.origin.fetches)
}
