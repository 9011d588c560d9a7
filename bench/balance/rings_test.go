package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/balancer"
)

// The real balancers, with the files of deploy/cluster, send 200 pictures to the nodes that
// the simulation says.
func TestAsRealBalancers(t *testing.T) {
	simulated := map[string]func(addresses []string) ring{
		"nginx":   func(addresses []string) ring { return nginxRing(addresses, 10) },
		"haproxy": func([]string) ring { return haproxyRing(numbers(3), 100) },
		"varnish": func([]string) ring { return varnishScheme(300)(numbers(3)) },
	}
	for _, kind := range balancer.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			if kind.Program() == "" {
				t.Skip("it is not installed")
			}
			nodes, addresses := backends(t)
			b := kind.Start(t, balancer.Config{Dir: "../../deploy/cluster"}, nodes...)
			r := simulated[kind.Name](addresses)
			var count [3]int
			for i := range 200 {
				key := fmt.Sprintf("photos/%d/cat.jpg", i)
				res, err := http.Get("http://" + b.Address + "/300x200,f_auto/" + key)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				want := r.points[r.find(r.points, key)].node
				if got := b.Server(res.Header.Get("X-Served-By")); got != want {
					t.Errorf("%s: node %d, and %d in the simulation", key, got, want)
				}
				count[want]++
			}
			if min(count[0], count[1], count[2]) < 20 {
				t.Errorf("pictures on the nodes: %v", count)
			}
		})
	}
}

// backends are three that answer everything, and pass every check.
func backends(t *testing.T) (nodes []balancer.Node, addresses []string) {
	for range 3 {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" { // which Varnish checks
				w.WriteHeader(http.StatusBadRequest)
			}
		}))
		t.Cleanup(s.Close)
		address := s.Listener.Addr().String()
		nodes, addresses = append(nodes, balancer.Node{Public: address, Admin: address}), append(addresses, address)
	}
	return nodes, addresses
}

// A consistent hash moves the pictures of a node that goes, and no others; a node that comes
// gets its part.
func TestMoves(t *testing.T) {
	t.Parallel()
	keys := traffic{pictures: 1000}.keys(1)
	for _, s := range schemes()[1:7] {
		before, after := s.ring(numbers(10)), s.ring(without(numbers(10), 7))
		for _, key := range keys {
			was, is := before.points[before.find(before.points, key)].node, skip(after.points[after.find(after.points, key)].node, 7)
			if was != 7 && is != was {
				t.Fatalf("%s: %s moves from %d to %d", s.name, key, was, is)
			}
		}
		if joined := moved(before, s.ring(numbers(11)), keys, func(node int) int { return node }); joined > 1/11.0+.05 {
			t.Errorf("%s: %.3f move to a new node", s.name, joined)
		}
	}
}

// Bounded loads: as long as requests run, no node has more than its part of them.
func TestBounded(t *testing.T) {
	t.Parallel()
	l := &load{running: []int{2, 0, 0}, total: 2}
	for node, want := range []bool{false, true, true} {
		if got := l.mayTake(node, 125); got != want {
			t.Errorf("node %d: %v", node, got)
		}
	}
	if !l.mayTake(0, 300) {
		t.Error("with 300, one of three nodes may have all of three requests")
	}
}

// What the edge keeps does not reach a node, and what is rarely requested does.
func TestEdge(t *testing.T) {
	t.Parallel()
	traffic := traffic{pictures: 100, zipf: .9, rate: 200, seconds: 30, hotAfter: 10}
	all := simulate(scheme{ring: nginxScheme(1)}, 3, traffic, 1)
	kept := simulate(scheme{ring: nginxScheme(1), edge: edge{seconds: 1}}, 3, traffic, 1)
	if all.reach != 1 || kept.reach > .5 || kept.reach < .1 || kept.busiest >= all.busiest {
		t.Errorf("%+v, and with an edge %+v", all, kept)
	}
}
