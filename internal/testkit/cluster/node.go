package cluster

import (
	"context"
	"fmt"
	"os"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Node is one thumbery, running or not, with a cache directory of its own. Its methods are
// for one goroutine at a time, but for Sum, Get and Fetches.
type Node struct {
	// Public and Admin are the addresses of the two listeners, HOST:PORT. They stay when
	// the node is started again, and so does Cache, its cache directory.
	Public, Admin, Cache string

	origin    *origin
	cluster   *Cluster
	namespace string // "" without a Network
	log       *pinned.Log
	process   *pinned.Process // nil if it does not run
}

// Start starts a node that does not run and waits until it is ready.
func (n *Node) Start(t pinned.T) {
	t.Helper()
	n.launch(t)
	n.awaitReady(t)
}

// Running reports that the node was started and not stopped or killed. A paused node runs.
func (n *Node) Running() bool { return n.process != nil }

// Kill ends the node with SIGKILL, and waits for its end.
func (n *Node) Kill() {
	n.process.Kill()
	n.process = nil
}

// Stop ends the node with SIGTERM, as systemd does, and waits for its end. The error says
// that its exit status was not 0. Stopping a node that does not run does nothing.
func (n *Node) Stop() error {
	if n.process == nil {
		return nil
	}
	n.process.Resume()
	n.process.Terminate()
	err := n.process.Err()
	n.process = nil
	if err != nil {
		return fmt.Errorf("the node at %s: %w", n.Public, err)
	}
	return nil
}

// Pause freezes the node with SIGSTOP: the kernel still accepts connections for it.
func (n *Node) Pause() { n.process.Pause() }

// Resume ends Pause.
func (n *Node) Resume() { n.process.Resume() }

func (n *Node) launch(t pinned.T) {
	t.Helper()
	c := n.cluster.config
	args := []string{
		"serve", "--listen", n.Public, "--admin", n.Admin, "--cache", n.Cache, "--workers", "1",
		"--source", "/=s3://" + c.Bucket + "?endpoint=" + n.origin.URL,
	}
	if c.Args != nil {
		args = append(args, c.Args(n, n.cluster.Nodes)...)
	}
	env := append(os.Environ(), "AWS_ACCESS_KEY_ID="+c.Store.AccessKey, "AWS_SECRET_ACCESS_KEY="+c.Store.SecretKey, "THUMBERY_ADMIN_TOKEN="+Token)
	program := c.Binary
	if n.namespace != "" { // ip becomes the program that it starts
		program, args = "ip", append([]string{"netns", "exec", n.namespace, c.Binary}, args...)
	}
	p, err := pinned.Start(program, args, env, n.log)
	if err != nil {
		t.Fatalf("start a node: %v", err)
	}
	n.process = p
}

// awaitReady waits until /readyz is 200 and the public listener answers.
func (n *Node) awaitReady(t pinned.T) {
	t.Helper()
	err := n.process.Await(t.Context(), func(ctx context.Context) error {
		_, err := n.Get(ctx, "/readyz")
		return err
	})
	if err != nil {
		t.Fatalf("the node at %s is not ready: %v\n%s", n.Public, err, n.log)
	}
}
