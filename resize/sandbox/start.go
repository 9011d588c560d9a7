package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// ready is what the first child says about itself; all others must say the same.
type ready struct {
	capabilities engine.Capabilities
	walls        []Wall
}

// launch starts a child and waits until it is ready for pictures.
func (p *Pool) launch(ctx context.Context) (*child, ready, error) {
	c, err := p.fork()
	if err != nil {
		return nil, ready{}, fmt.Errorf("starting %s: %w", p.config.Worker, err)
	}
	ctx, cancel := context.WithTimeout(ctx, p.config.startTimeout)
	defer cancel()
	slow := time.AfterFunc(p.config.slowStart, func() {
		p.config.Log.Warn("a child process that makes pictures takes long to start", "after", p.config.slowStart, "detail", c.said.summary())
	})
	defer slow.Stop()
	is, err := p.prepare(ctx, c)
	if err != nil {
		c.kill()
		<-c.reaped
		c.conn.Close()
		return nil, ready{}, fmt.Errorf("starting %s: %w", p.config.Worker, err)
	}
	c.base = resident(c.process.Pid)
	return c, is, nil
}

// prepare tells a new child what it is for.
func (p *Pool) prepare(ctx context.Context, c *child) (ready, error) {
	var said wire.Answer
	r := wire.Request{Kind: wire.Setup, Size: p.setUpSize}
	err := c.exchange(ctx, r, []*os.File{p.setUp}, func(a wire.Answer) error {
		said = a
		if !a.Last {
			return offend("it says more than whether it is ready")
		}
		return nil
	})
	_, offended := errors.AsType[offence](err)
	switch {
	case err == nil && said.Last:
		return p.checkReady(said)
	case offended:
		return ready{}, err
	case ctx.Err() != nil:
		return ready{}, fmt.Errorf("it was not ready in time: %w", ctx.Err())
	}
	return ready{}, fmt.Errorf("it ended before it was ready: %s", c.end(err, Death{}).Detail)
}

// checkReady compares what a child says about itself with what it must be.
func (p *Pool) checkReady(a wire.Answer) (is ready, err error) {
	switch {
	case a.Err != nil:
		return ready{}, a.Err.Err()
	case a.Ready == nil:
		return ready{}, offend("it did not say that it is ready")
	case a.Ready.Build != p.config.Build:
		return ready{}, fmt.Errorf("it is of build %q, not %q: both programs must be of one build", a.Ready.Build, p.config.Build)
	}
	is.capabilities = a.Ready.Capabilities
	for _, w := range a.Ready.Walls {
		is.walls = append(is.walls, Wall{Name: w.Name, Missing: w.Missing})
	}
	return is, nil
}

// fork starts a process, on the thread that outlives it.
func (p *Pool) fork() (*child, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	defer theirs.Close()
	stderr, stderrEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stderrEnd.Close()
	c, err := newChild(ours)
	if err == nil {
		started := make(chan error)
		p.forks <- func() { started <- p.spawn(c, stderrEnd, theirs) }
		err = <-started
	}
	if err != nil {
		stderr.Close()
		if c != nil {
			c.conn.Close()
		}
		return nil, err
	}
	p.goes.Go(func() { c.reap(stderr) })
	return c, nil
}

func newChild(socket *os.File) (*child, error) {
	conn, err := net.FileConn(socket)
	if err != nil {
		return nil, err
	}
	c := &child{conn: conn.(*net.UnixConn), said: &tail{}, reaped: make(chan struct{}), buf: make([]byte, wire.MaxMessage)}
	c.raw, err = c.conn.SyscallConn()
	return c, err
}

// spawn executes the worker.
func (p *Pool) spawn(c *child, stderr, socket *os.File) (err error) {
	if c.group, err = p.groups.Take(); err != nil {
		return err
	}
	c.process, err = c.group.Start(p.config.Worker, &os.ProcAttr{
		Dir: "/", Env: p.env, Files: []*os.File{p.null, p.null, stderr, socket}, Sys: attributes(),
	})
	return err
}

// forkThread starts all processes on one thread: they are killed when the thread that
// started them ends, which only this one does not do before the process.
func (p *Pool) forkThread() {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	for start := range p.forks {
		start()
	}
}

// reap reads what a child writes to standard error, waits until it is gone, and closes
// what there is of it here.
func (c *child) reap(stderr *os.File) {
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		io.CopyBuffer(c.said, struct{ io.Reader }{stderr}, make([]byte, keptLast))
	}()
	c.status, _ = c.process.Wait()
	stderr.SetReadDeadline(time.Now().Add(grace)) // another process may hold its other end
	<-drained
	stderr.Close()
	c.oom = c.group.End()
	close(c.reaped)
}
