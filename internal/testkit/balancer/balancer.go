// Package balancer runs a real nginx, HAProxy or Varnish with its file of deploy/cluster in
// front of several nodes, for tests and benchmarks.
package balancer

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/haproxy"
	"github.com/thumbery/thumbery/internal/testkit/nginx"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/varnish"
)

// Node is where a node listens, as HOST:PORT.
type Node struct{ Public, Admin string }

// Config says what runs.
type Config struct {
	// Dir is the path of deploy/cluster.
	Dir string
	// Edit changes the file's text, beside the lines of the nodes and those that tell who
	// served a picture; nil for no change.
	Edit func(text string) string
}

// Balancer is a running balancer.
type Balancer struct {
	// Address is where it listens, HOST:PORT.
	Address string

	nodes  []Node // in the order of the file
	reload func(t pinned.T)
	edit   func(string) string
	states func() []State
}

// State is what a balancer thinks of a node.
type State string

// The states. nginx does not tell them.
const (
	Up   State = "up"
	Down State = "down"
)

// Kind is a kind of balancer.
type Kind struct {
	Name string
	// Program is the path of the program; "" if it is not installed.
	Program func() string
	start   func(t pinned.T, c Config, b *Balancer)
}

// Kinds are all kinds.
func Kinds() []Kind {
	return []Kind{
		{"nginx", nginx.Program, startNginx},
		{"haproxy", haproxy.Program, startHAProxy},
		{"varnish", varnish.Program, startVarnish},
	}
}

// Named is the kind of that name, which must be one of Kinds.
func Named(name string) Kind {
	all := Kinds()
	return all[slices.IndexFunc(all, func(k Kind) bool { return k.Name == name })]
}

// Start starts a balancer, which ends with the test.
func (k Kind) Start(t pinned.T, c Config, nodes ...Node) *Balancer {
	t.Helper()
	b := &Balancer{nodes: slices.Clone(nodes), edit: func(text string) string {
		if c.Edit != nil {
			text = c.Edit(text)
		}
		return strings.ReplaceAll(text, "#debug ", "")
	}}
	k.start(t, c, b)
	return b
}

// Reload has the balancer take more nodes. nginx may need a moment more.
func (b *Balancer) Reload(t pinned.T, more ...Node) {
	t.Helper()
	b.nodes = append(b.nodes, more...)
	b.reload(t)
}

// States are the states of all nodes, in their order; nil if the balancer does not tell.
func (b *Balancer) States() []State { return b.states() }

// Server is the number of the node, from 0, that X-Served-By names; -1 if it names none.
func (b *Balancer) Server(servedBy string) int {
	_, last, several := strings.Cut(servedBy, ", ") // nginx lists all that it has tried
	if !several {
		last = servedBy
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimPrefix(last, "node"), "any")); err == nil {
		return n - 1
	}
	return slices.IndexFunc(b.nodes, func(n Node) bool { return n.Public == last })
}

// nodeLines replaces the three lines of a file that name a node by lines for those that
// there are.
func (b *Balancer) nodeLines(t pinned.T, text string, example func(number int) string, line func(number int, n Node) string) string {
	t.Helper()
	var lines strings.Builder
	for i, n := range b.nodes {
		lines.WriteString(line(i+1, n) + "\n")
	}
	return pinned.Edit(t, text, example(3), "", example(2), "", example(1), lines.String())
}

// lines is nodeLines for lines that differ by the number alone.
func (b *Balancer) lines(t pinned.T, text, format string) string {
	t.Helper()
	return b.nodeLines(
		t, text,
		func(number int) string { return fmt.Sprintf(format, number) + "\n" },
		func(number int, _ Node) string { return fmt.Sprintf(format, number) },
	)
}

// Patient replaces the time-outs of a file by longer ones, for machines that are too busy
// for it: a healthy node must not be taken for one that fails.
func Patient(text string) string {
	return strings.NewReplacer(
		"proxy_connect_timeout 1s;", "proxy_connect_timeout 5s;", "proxy_next_upstream_timeout 3s;", "proxy_next_upstream_timeout 20s;",
		"proxy_read_timeout 90s;", "proxy_read_timeout 30s;",
		"timeout connect 250ms", "timeout connect 5s", "timeout check 700ms", "timeout check 5s",
		".connect_timeout = 1s;", ".connect_timeout = 5s;", ".timeout = 300ms;", ".timeout = 5s;", "now - bereq.time < 3s", "now - bereq.time < 20s",
		".first_byte_timeout = 90s;", ".first_byte_timeout = 30s;",
	).Replace(text)
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func host(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}
