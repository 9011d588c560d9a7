// Package cluster runs several nodes of thumbery on this machine, with one MinIO behind
// them, for tests and benchmarks.
package cluster

import (
	"cmp"
	"context"
	"crypto/rand"
	"sync"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Config says what a cluster is made of.
type Config struct {
	// Binary is the path of thumbery, with its worker beside it.
	Binary string
	// Store and Bucket are where the originals are.
	Store  *minio.Server
	Bucket string
	// Nodes is how many there are at the start.
	Nodes int
	// Args returns more arguments of thumbery serve, for a node that is about to start and
	// all that the cluster has then, of which only the addresses are set; nil for none.
	Args func(n *Node, all []*Node) []string
	// Network has each node in a network namespace of its own, so that it can be
	// partitioned; nil for ports of the loopback interface.
	Network *Network
}

// Cluster is a number of nodes. Its methods are for one goroutine at a time.
type Cluster struct {
	// Nodes are all that were started, in this order, also those that do not run now.
	Nodes []*Node

	config Config
}

// Token is the --admin-token of all nodes of this process.
var Token = rand.Text()

// Start starts the nodes and waits until they are ready. They are stopped at the end of the
// test, and must then exit with 0, which they do not after a data race.
func Start(t pinned.T, config Config) *Cluster {
	t.Helper()
	c := &Cluster{config: config}
	for range config.Nodes {
		c.newNode(t)
	}
	for _, n := range c.Nodes {
		n.launch(t)
	}
	for _, n := range c.Nodes {
		n.awaitReady(t)
	}
	t.Cleanup(func() { c.stop(t) })
	return c
}

// Add starts one more node, with an empty cache, and waits until it is ready.
func (c *Cluster) Add(t pinned.T) *Node {
	t.Helper()
	n := c.newNode(t)
	n.Start(t)
	return n
}

func (c *Cluster) newNode(t pinned.T) *Node {
	t.Helper()
	n := &Node{Cache: t.TempDir(), cluster: c, log: &pinned.Log{}}
	if w := c.config.Network; w == nil {
		n.Public, n.Admin = pinned.MustFreeAddress(t), pinned.MustFreeAddress(t)
		n.origin = startOrigin(t, c.config.Store, c.config.Bucket, "127.0.0.1")
	} else {
		n.namespace, n.Public = w.join(t)
		n.Public, n.Admin = n.Public+":8080", n.Public+":8081"
		n.origin = startOrigin(t, c.config.Store, c.config.Bucket, w.address(1))
	}
	c.Nodes = append(c.Nodes, n)
	return n
}

// stop stops all nodes at once.
func (c *Cluster) stop(t pinned.T) {
	errs := make([]error, len(c.Nodes))
	var all sync.WaitGroup
	for i, n := range c.Nodes {
		all.Go(func() { errs[i] = n.Stop() })
	}
	all.Wait()
	failed := cmp.Or(errs...)
	if failed != nil || t.Failed() {
		for i, n := range c.Nodes {
			t.Logf("node %d at %s:\n%s", i+1, n.Public, n.log)
		}
	}
	if failed != nil && !t.Failed() {
		t.Fatal(failed)
	}
}

// Sum is Node.Sum over all nodes that run.
func (c *Cluster) Sum(ctx context.Context, metric string) (sum float64, err error) {
	for _, n := range c.Nodes {
		if !n.Running() {
			continue
		}
		value, err := n.Sum(ctx, metric)
		if err != nil {
			return 0, err
		}
		sum += value
	}
	return sum, nil
}

// Fetches counts how often each original was fetched, by all nodes together, since the
// cluster was started.
func (c *Cluster) Fetches() map[string]int {
	all := map[string]int{}
	for _, n := range c.Nodes {
		for key, count := range n.Fetches() {
			all[key] += count
		}
	}
	return all
}
