package main

import (
	"fmt"
	"math/rand/v2"
)

// scheme is a way to distribute pictures over nodes.
type scheme struct {
	name string
	// ring is that for nodes with these numbers, from 1.
	ring func(numbers []int) ring
	// factor is that of hash-balance-factor, in percent; 0 is none.
	factor int
	// warmup is the part of the requests that goes to the second node.
	warmup float64
	edge   edge
	// running is how many requests each node has at a time, on average; 0 is one.
	running float64
}

// edge is a cache in front of the nodes that keeps what is hot.
type edge struct{ seconds float64 } // how long; 0 for none

func nginxScheme(weight int) func([]int) ring {
	return func(numbers []int) ring {
		return nginxRing(each(numbers, func(n int) string { return fmt.Sprintf("10.0.0.%d:8080", n) }), weight)
	}
}

func haproxyScheme(weight int) func([]int) ring {
	return func(numbers []int) ring { return haproxyRing(numbers, weight) }
}

func varnishScheme(replicas int) func([]int) ring {
	return func(numbers []int) ring {
		return varnishRing(each(numbers, func(n int) string { return fmt.Sprintf("node%d", n) }), replicas)
	}
}

func each(numbers []int, name func(int) string) (names []string) {
	for _, n := range numbers {
		names = append(names, name(n))
	}
	return names
}

// schemes are all that are compared.
func schemes() []scheme {
	second, hour := edge{seconds: 1}, edge{seconds: 3600}
	return []scheme{
		{name: "nginx, hash (modulo)", ring: func(numbers []int) ring { return moduloRing(len(numbers)) }},
		{name: "nginx, consistent", ring: nginxScheme(1)},
		{name: "nginx, consistent, weight=10", ring: nginxScheme(10)},
		{name: "HAProxy, weight 1", ring: haproxyScheme(1)},
		{name: "HAProxy, weight 100", ring: haproxyScheme(100)},
		{name: "Varnish, 67 replicas", ring: varnishScheme(67)},
		{name: "Varnish, 300 replicas", ring: varnishScheme(300)},
		{name: "Varnish, 300, warm-up 0.1", ring: varnishScheme(300), warmup: 0.1},
		{name: "HAProxy, factor 300", ring: haproxyScheme(100), factor: 300},
		{name: "HAProxy, factor 150", ring: haproxyScheme(100), factor: 150},
		{name: "HAProxy, factor 125", ring: haproxyScheme(100), factor: 125},
		{name: "HAProxy, factor 300, 10 running", ring: haproxyScheme(100), factor: 300, running: 10},
		{name: "HAProxy, factor 150, 10 running", ring: haproxyScheme(100), factor: 150, running: 10},
		{name: "HAProxy, factor 125, 10 running", ring: haproxyScheme(100), factor: 125, running: 10},
		{name: "nginx, hot kept for 1 s", ring: nginxScheme(1), edge: second},
		{name: "nginx, weight=10, hot kept for 1 s", ring: nginxScheme(10), edge: second},
		{name: "Varnish, 300, hot kept for 1 s", ring: varnishScheme(300), edge: second},
		{name: "HAProxy, weight 100, hot kept for 1 s", ring: haproxyScheme(100), edge: second},
		{name: "nginx, weight=10, hot kept for 1 h", ring: nginxScheme(10), edge: hour},
		{name: "Varnish, 300, hot kept for 1 h", ring: varnishScheme(300), edge: hour},
		{name: "HAProxy, weight 100, hot kept for 1 h", ring: haproxyScheme(100), edge: hour},
	}
}

// load is what nodes do at the moment.
type load struct {
	running []int // requests, by node
	total   int
}

// mayTake is HAProxy's rule for bounded loads: no node has more than its part of the running
// requests, this one included, times the factor. Every node may have one.
func (l *load) mayTake(node, factor int) bool {
	slots, n := ((l.total+1)*factor+99)/100, len(l.running)
	part := (node+1)*slots/n - node*slots/n
	return l.running[node] < max(part, 1)
}

// pick returns the node that a request is sent to.
func (s scheme) pick(r ring, key string, l *load, random *rand.Rand) (node int) {
	if s.factor == 0 && s.warmup == 0 {
		return r.points[r.find(r.points, key)].node
	}
	second := s.warmup > 0 && random.Float64() < s.warmup
	first := -1
	r.walk(key, func(n int) bool {
		if first < 0 {
			first, node = n, n
		}
		switch {
		case s.factor > 0 && !l.mayTake(n, s.factor), second && n == first:
			return true
		}
		node = n
		return false
	})
	return node
}
