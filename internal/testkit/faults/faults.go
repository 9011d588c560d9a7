// Package faults stands between an S3 client and a server, and answers wrongly
// in the ways that servers do: with errors, with lengths that are not true, with
// half of a body. Faults of connections, below HTTP, are
// those of package toxiproxy.
package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Fault is a kind of wrong answer.
type Fault int

// The faults. Those of bodies are for GETs that the server answers with 200;
// what else is asked meanwhile is answered truly.
const (
	None          Fault = iota
	InternalError       // 500, as S3 says it
	SlowDown            // 503, as S3 says it
	TimeSkewed          // 403, as S3 says it when a clock is wrong
	NotFoundPage        // 404 with a web page that is not S3's
	CutBody             // half of the body, and the connection ends
	StalledBody         // half of the body, and nothing more comes
	LongerLength        // Content-Length says more than there is
	ShorterLength       // Content-Length says less than there is
	SlowHeader          // the header comes a second late
	SlowBody            // the body comes at 100 kB/s
	end
)

var names = [end]string{
	"none", "500", "503 SlowDown", "403 RequestTimeTooSkewed", "404 of another server", "cut body", "stalled body",
	"Content-Length too long", "Content-Length too short", "slow header", "slow body",
}

func (f Fault) String() string { return names[f] }

// All returns all faults but None.
func All() []Fault {
	var all []Fault
	for f := None + 1; f < end; f++ {
		all = append(all, f)
	}
	return all
}

// Proxy forwards requests to a server. Its methods may be called at any time.
type Proxy struct {
	Address string // 127.0.0.1:port

	reverse   *httputil.ReverseProxy
	transport *http.Transport

	mu      sync.Mutex
	faults  []Fault // one of which each request gets
	random  *rand.Rand
	changed chan struct{} // closed when faults are no longer these
}

// Start starts a proxy to upstream, a host:port, that ends with the test.
func Start(t pinned.T, upstream string) *Proxy {
	t.Helper()
	p := &Proxy{faults: []Fault{None}, random: rand.New(rand.NewPCG(1, 1)), changed: make(chan struct{})}
	p.transport = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	p.reverse = &httputil.ReverseProxy{
		Transport: p.transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: upstream})
			r.Out.Host = r.In.Host // which is signed
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewServer(p)
	p.Address = server.Listener.Addr().String()
	t.Cleanup(func() {
		p.Set(None)
		server.CloseClientConnections()
		server.Close()
		p.transport.CloseIdleConnections()
	})
	return p
}

// Set has every later request answered with a fault. Stalled bodies end.
func (p *Proxy) Set(f Fault) { p.Mix(1, f) }

// Mix has every later request answered with a random one of faults.
func (p *Proxy) Mix(seed uint64, faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.random = faults, rand.New(rand.NewPCG(seed, seed))
	close(p.changed)
	p.changed = make(chan struct{})
}

// pick returns the fault for a request, and a channel that is closed when the faults
// change.
func (p *Proxy) pick() (Fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults[p.random.IntN(len(p.faults))], p.changed
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, changed := p.pick()
	switch fault {
	case InternalError:
		fail(w, r, http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
	case SlowDown:
		fail(w, r, http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	case TimeSkewed:
		fail(w, r, http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	case NotFoundPage:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<!doctype html><title>404</title><h1>Not here</h1>")
	case SlowHeader:
		wait(r, changed, time.Second)
		p.reverse.ServeHTTP(w, r)
	case CutBody, StalledBody, LongerLength, ShorterLength, SlowBody:
		p.spoil(w, r, fault, changed)
	default:
		p.reverse.ServeHTTP(w, r)
	}
}

// fail answers with an error in S3's form:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func fail(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
			`<Error><Code>%s</Code><Message>%s</Message><RequestId>0</RequestId><HostId>0</HostId></Error>`, code, message)
	}
}

// wait waits for d, but not longer than the client or the fault.
func wait(r *http.Request, changed <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-r.Context().Done():
	}
}
