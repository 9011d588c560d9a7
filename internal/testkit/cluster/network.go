package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Network is a bridge that connects network namespaces of nodes with this machine, as a
// switch would machines. It is gone at the end of the test.
type Network struct {
	name   string // of the bridge, and the prefix of the names of what is connected
	prefix string // of addresses: a /24 of those that RFC 2544 keeps for benchmarks
	nodes  int
}

// NewNetwork makes a bridge. It needs root, ip and iptables; the error says what is missing.
func NewNetwork(t pinned.T) (*Network, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("network namespaces need root")
	}
	if _, err := exec.LookPath("iptables"); err != nil {
		return nil, err
	}
	prefix, err := unusedPrefix()
	if err != nil {
		return nil, err
	}
	w := &Network{name: fmt.Sprintf("tb%05x", rand.IntN(1<<20)), prefix: prefix}
	t.Cleanup(func() { _ = run("ip", "link", "del", w.name) })
	return w, errors.Join(
		run("ip", "link", "add", w.name, "type", "bridge"),
		run("ip", "addr", "add", w.address(1)+"/24", "dev", w.name),
		run("ip", "link", "set", w.name, "up"),
	)
}

// unusedPrefix finds a network that this machine has no address in.
func unusedPrefix() (string, error) {
	used, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for {
		prefix := fmt.Sprintf("198.%d.%d.", 18+rand.IntN(2), rand.IntN(256))
		if !strings.Contains(fmt.Sprint(used), prefix) {
			return prefix, nil
		}
	}
}

func (w *Network) address(host int) string { return fmt.Sprint(w.prefix, host) }

// join makes the network namespace of a node, and returns its name and address.
func (w *Network) join(t pinned.T) (namespace, address string) {
	t.Helper()
	w.nodes++
	namespace, address = fmt.Sprintf("%s-%d", w.name, w.nodes), w.address(10+w.nodes)
	t.Cleanup(func() { _ = run("ip", "netns", "del", namespace) })
	outer := namespace + "v"
	err := errors.Join(
		run("ip", "netns", "add", namespace),
		run("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", namespace),
		run("ip", "link", "set", outer, "master", w.name, "up"),
		run("ip", "-n", namespace, "link", "set", "lo", "up"),
		run("ip", "-n", namespace, "addr", "add", address+"/24", "dev", "eth0"),
		run("ip", "-n", namespace, "link", "set", "eth0", "up"),
	)
	if err != nil {
		t.Fatalf("join the network: %v", err)
	}
	return namespace, address
}

// Partition drops all packets to and from the node, as if its cable were pulled: nothing is
// refused or reset. The cluster must have a Network.
func (n *Node) Partition(t pinned.T) {
	t.Helper()
	n.iptables(t, "-A", "INPUT", "-i", "eth0", "-j", "DROP")
	n.iptables(t, "-A", "OUTPUT", "-o", "eth0", "-j", "DROP")
}

// Heal ends Partition.
func (n *Node) Heal(t pinned.T) {
	t.Helper()
	n.iptables(t, "-F")
}

func (n *Node) iptables(t pinned.T, args ...string) {
	t.Helper()
	if err := run("ip", append([]string{"netns", "exec", n.namespace, "iptables"}, args...)...); err != nil {
		t.Fatal(err)
	}
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
