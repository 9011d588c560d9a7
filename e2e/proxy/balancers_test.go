package proxy

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/balancer"
)

// startBalancer starts a balancer of deploy/cluster, or skips the test.
func startBalancer(t *testing.T, name string, edit func(string) string, nodes ...balancer.Node) *balancer.Balancer {
	t.Helper()
	kind := balancer.Named(name)
	if kind.Program() == "" {
		t.Skipf("there is no %s; tools/install.sh test installs it", name)
	}
	return kind.Start(t, balancer.Config{Dir: "../../deploy/cluster", Edit: func(text string) string {
		if edit != nil {
			text = edit(text)
		}
		return balancer.Patient(text)
	}}, nodes...)
}

// In front of a cluster, a request that got no answer is sent to one more node, and never
// after a time-out of reading: a picture that takes too long must not occupy all nodes.
func TestBalancersHandOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		does   manner         // the node that has the picture; nil if it does not run
		status map[string]int // by balancer; for "", those that are not named; 0 for any
		second int64          // requests that reach another node
	}{
		{"does not run", nil, map[string]int{"": 200}, 1},
		{"dies", dies, map[string]int{"": 200}, 1},
		{"resets", resets, map[string]int{"": 200}, 1},
		{"refuses", say(unavailable), map[string]int{"": 503}, 0},
		{"dies in its body", diesInBody, map[string]int{"": 200, "varnish": 0}, 0}, // which may not have begun to pass it on
		{"says nothing", saysNothing, map[string]int{"nginx": 504, "haproxy": 504, "varnish": 503}, 0},
	}
	for _, kind := range []string{"nginx", "haproxy", "varnish"} {
		for _, tt := range tests {
			t.Run(kind+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				var edit func(string) string
				if tt.name == "says nothing" {
					edit = impatient
				}
				peers, nodes := newFickle(t, 3)
				b := startBalancer(t, kind, edit, nodes...)
				path, home := pathOf(t, b)
				reached := func() (all int64) {
					for _, p := range peers {
						all += p.reached.Load()
					}
					return all
				}
				peers[home].become(tt.does)
				atHome, all := peers[home].reached.Load(), reached()
				r, _ := e2e.Do(http.MethodGet, "http://"+b.Address+path) // the body may end early
				want, ok := tt.status[kind]
				if !ok {
					want = tt.status[""]
				}
				second := reached() - all - (peers[home].reached.Load() - atHome)
				if want != 0 && r.Status != want || second != tt.second {
					t.Errorf("status %d, want %d; %d requests have reached other nodes, want %d", r.Status, want, second, tt.second)
				}
			})
		}
	}
}

// impatient shortens the time-outs of reading, and the time in which a request may be sent
// again as much.
func impatient(text string) string {
	return strings.NewReplacer(
		"proxy_read_timeout 90s;", "proxy_read_timeout 900ms;", "proxy_next_upstream_timeout 3s;", "proxy_next_upstream_timeout 30ms;",
		"timeout server 90s", "timeout server 900ms",
		".first_byte_timeout = 90s;", ".first_byte_timeout = 900ms;", "now - bereq.time < 3s", "now - bereq.time < 30ms",
	).Replace(text)
}

// fickle is a peer that changes its manner.
type fickle struct {
	*peer
	does atomic.Pointer[manner]
}

// newFickle starts peers that answer.
func newFickle(t *testing.T, count int) (peers []*fickle, nodes []balancer.Node) {
	t.Helper()
	for range count {
		p := &fickle{}
		p.become(say(answered))
		p.peer = newPeer(t, func(c net.Conn, n int) { (*p.does.Load())(c, n) })
		peers = append(peers, p)
		nodes = append(nodes, balancer.Node{Public: p.address, Admin: p.address})
	}
	return peers, nodes
}

// become changes the manner; for nil, the peer stops.
func (p *fickle) become(does manner) {
	if does == nil {
		p.stop()
		return
	}
	p.does.Store(&does)
}

// pathOf finds a picture that a balancer sends to a node, and which that is.
func pathOf(t *testing.T, b *balancer.Balancer) (path string, home int) {
	t.Helper()
	path = "/300x/cat.jpg"
	r := e2e.Get(t, "http://"+b.Address+path)
	home = b.Server(r.Header.Get("X-Served-By"))
	if r.Status != http.StatusOK || home < 0 {
		t.Fatalf("%d, by %q", r.Status, r.Header.Get("X-Served-By"))
	}
	return path, home
}
