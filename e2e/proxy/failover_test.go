package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/nginx"
)

// manner is what a server behind a proxy does with a connection after it has read its n-th
// request, counting from 1.
type manner func(c net.Conn, n int)

const (
	answered    = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno"
)

func say(text string) manner {
	return func(c net.Conn, _ int) { _, _ = io.WriteString(c, text) } // the proxy may have left
}

// dies closes the connection, as the kernel does for a killed process.
func dies(c net.Conn, _ int) { c.Close() }

// resets closes the connection with a reset.
func resets(c net.Conn, _ int) {
	_ = c.(*net.TCPConn).SetLinger(0) // a connection that has gone is as good
	c.Close()
}

func diesInHeader(c net.Conn, n int) {
	say("HTTP/1.1 200 OK\r\nContent-Le")(c, n)
	c.Close()
}

func diesInBody(c net.Conn, n int) {
	say("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\npart")(c, n)
	c.Close()
}

func saysNothing(net.Conn, int) {}

// diesSecond answers the first request of a connection, keeps it open, and closes it at the
// second.
func diesSecond(c net.Conn, n int) {
	if n > 1 {
		c.Close()
		return
	}
	say(answered)(c, n)
}

// usesSendfile answers the first request with X-Accel-Redirect to a missing file.
func usesSendfile() manner {
	var asked atomic.Int64
	return func(c net.Conn, n int) {
		if asked.Add(1) == 1 {
			say("HTTP/1.1 200 OK\r\nX-Accel-Redirect: /cache/none\r\nContent-Length: 0\r\n\r\n")(c, n)
			return
		}
		say(answered)(c, n)
	}
}

// peer is one of the servers behind a proxy. It counts the requests that reach it.
type peer struct {
	address string
	reached atomic.Int64
	stop    func() // closes all connections, and refuses others
}

// newPeer starts one; for nil, it is an address at which nothing listens.
func newPeer(t *testing.T, does manner) *peer {
	t.Helper()
	if does == nil {
		return &peer{address: e2e.FreeAddress(t)}
	}
	l, err := net.Listen("tcp", e2e.FreeAddress(t)) // that nobody else gets when it has stopped
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	context.AfterFunc(stopped, func() { l.Close() })
	var serving sync.WaitGroup
	p := &peer{address: l.Addr().String()}
	p.stop = func() { l.Close(); stop(); serving.Wait() }
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(stopped, func() { c.Close() })
			serving.Go(func() { p.serve(c, does) })
		}
	})
	return p
}

func (p *peer) serve(c net.Conn, does manner) {
	defer c.Close()
	from := bufio.NewReader(c)
	for n := 1; ; n++ {
		r, err := http.ReadRequest(from)
		if err != nil {
			return
		}
		switch r.URL.Path {
		case "/": // by which tests and Varnish find out that something answers
			say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")(c, n)
			return
		case "/readyz":
			say(answered)(c, n)
			continue
		}
		p.reached.Add(1)
		does(c, n)
	}
}

// before starts a real nginx with a file of deploy/ in front of two servers, of which the
// second is the backup.
func before(t *testing.T, file string, first, second *peer) string {
	t.Helper()
	kept := t.TempDir()
	log := &e2e.Log{}
	n, err := nginx.Start(nginx.Config{
		File: "../../deploy/" + file, Cache: t.TempDir(), Workers: 1, Log: log,
		Public: first.address, Admin: first.address,
		Edit: func(conf string) string {
			one := "server " + first.address + ";"
			conf = strings.Replace(conf, one, fmt.Sprintf("%s server %s backup;", one, second.address), 1)
			conf = strings.ReplaceAll(conf, "proxy_read_timeout 90s;", "proxy_read_timeout 500ms;")
			return strings.Replace(conf, "/var/cache/nginx/thumbery", kept, 1)
		},
	})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nginx:\n%s", log)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return "http://" + n.Address
}

// handedOn is a failure of the first of two servers and what the client and the servers see
// of it.
type handedOn struct {
	name          string
	first, second manner
	status        []int    // of one request after the other
	counts        [2]int64 // of requests that have reached the servers
}

func handedOns() []handedOn {
	ok := say(answered)
	return []handedOn{
		{"does not run", nil, ok, []int{200}, [2]int64{0, 1}},
		{"does not run, and then the file has gone", nil, usesSendfile(), []int{200}, [2]int64{0, 2}},
		{"nothing runs", nil, nil, []int{502}, [2]int64{0, 0}},
		{"answers", ok, ok, []int{200}, [2]int64{1, 0}},
		{"refuses", say(unavailable), ok, []int{503}, [2]int64{1, 0}},
		{"dies", dies, ok, []int{502}, [2]int64{1, 0}},
		{"resets", resets, ok, []int{502}, [2]int64{1, 0}},
		{"dies in its header", diesInHeader, ok, []int{502}, [2]int64{1, 0}},
		{"dies in its body", diesInBody, ok, []int{200}, [2]int64{1, 0}},
		{"says nothing", saysNothing, ok, []int{502}, [2]int64{1, 0}},
		{"dies on a connection that was kept", diesSecond, ok, []int{200, 502}, [2]int64{2, 0}},
		{"the other one dies", nil, dies, []int{502}, [2]int64{0, 1}},
	}
}

// A request that has been sent to one server is never sent to another, or one picture could
// kill them all. A request that could not be sent is.
func TestNginxHandsOnOnlyWhatWasNotSent(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"nginx.conf", "nginx-cache.conf"} {
		for _, tt := range handedOns() {
			t.Run(file+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				first, second := newPeer(t, tt.first), newPeer(t, tt.second)
				front := before(t, file, first, second)
				for i, want := range tt.status {
					r, _ := e2e.Do(http.MethodGet, front+"/300x/cat.jpg") // the body may end early
					if r.Status != want {
						t.Errorf("request %d: status %d, want %d", i+1, r.Status, want)
					}
				}
				if got := [2]int64{first.reached.Load(), second.reached.Load()}; got != tt.counts {
					t.Errorf("%v requests have reached the two servers, want %v", got, tt.counts)
				}
			})
		}
	}
}

// lighttpd retries with another server only if it could not send anything, so that its
// configuration need not say it.
func TestLighttpdHandsOnOnlyWhatWasNotSent(t *testing.T) {
	t.Parallel()
	program := e2e.Tool(t, "lighttpd", "lighttpd")
	tests := []struct {
		name   string
		does   [2]manner
		status int
		total  int64
	}{
		{"one does not run", [2]manner{nil, say(answered)}, 200, 1},
		{"the other does not run", [2]manner{say(answered), nil}, 200, 1},
		{"die", [2]manner{dies, dies}, 500, 1},
		{"reset", [2]manner{resets, resets}, 500, 1},
		{"refuse", [2]manner{say(unavailable), say(unavailable)}, 503, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, other := newPeer(t, tt.does[0]), newPeer(t, tt.does[1])
			front := lighttpd(t, program, &e2e.Server{URL: "http://" + one.address}, t.TempDir(), func(conf string) string {
				host, port, _ := strings.Cut(other.address, ":")
				return strings.Replace(conf, ")))\n", fmt.Sprintf("), ( \"host\" => %q, \"port\" => %s )))\n", host, port), 1)
			})
			r, err := e2e.Do(http.MethodGet, front+"/300x/cat.jpg")
			if total := one.reached.Load() + other.reached.Load(); err != nil || r.Status != tt.status || total != tt.total {
				t.Errorf("status %d, %v, and %d requests have reached the two servers, want %d and %d", r.Status, err, total, tt.status, tt.total)
			}
		})
	}
}

// Varnish retries only if a kept-alive connection closes without a byte, once, and with the
// same server.
func TestVarnishAsksOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		does   manner
		status []int
		total  int64
	}{
		{"dies", dies, []int{503}, 1},
		{"resets", resets, []int{503}, 1},
		{"dies in its header", diesInHeader, []int{503}, 1},
		{"dies on a connection that was kept", diesSecond, []int{200, 200}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, tt.does)
			front := varnish(t, &e2e.Server{URL: "http://" + p.address})
			for i, want := range tt.status {
				if r := e2e.Get(t, fmt.Sprintf("%s/300x/%d.jpg", front, i)); r.Status != want {
					t.Errorf("request %d: status %d, want %d", i+1, r.Status, want)
				}
			}
			if got := p.reached.Load(); got != tt.total {
				t.Errorf("%d requests have reached the server, want %d", got, tt.total)
			}
		})
	}
}
