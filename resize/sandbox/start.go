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

	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// launch starts a child and waits until it is ready for pictures.
func (p *Pool) launch(ctx context.Context) (*child, error) {
	c, err := p.fork()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.config.Worker, err)
	}
	if err := p.prepare(ctx, c); err != nil {
		c.close()
		<-c.reaped
		return nil, fmt.Errorf("starting %s: %w", p.config.Worker, err)
	}
	c.base = resident(c.process.Pid)
	return c, nil
}

// prepare tells a new child what it is for.
func (p *Pool) prepare(ctx context.Context, c *child) error {
	ctx, cancel := context.WithTimeout(ctx, p.config.startTimeout)
	defer cancel()
	slow := time.AfterFunc(p.config.slowStart, func() {
		p.config.Log.Warn("a child process that makes pictures takes long to start", "after", p.config.slowStart, "detail", c.said.summary())
	})
	defer slow.Stop()
	var last wire.Answer
	r := wire.Request{Kind: wire.Setup, Size: p.setUpSize}
	err := c.exchange(ctx, r, []*os.File{p.setUp}, func(a wire.Answer) error {
		last = a
		return nil
	})
	_, wrong := errors.AsType[fault](err)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("it was not ready in time: %w", ctx.Err())
	case wrong:
		return fmt.Errorf("%w (both programs must be of one build)", err)
	case err != nil:
		return fmt.Errorf("it ended before it was ready: %s", c.end(err).Detail)
	case last.Err != nil:
		return last.Err.Err()
	case last.Ready == nil:
		return offend("it did not say that it is ready")
	}
	c.is = *last.Ready
	return nil
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
	return &child{conn: conn.(*net.UnixConn), said: &tail{}, reaped: make(chan struct{}), buf: make([]byte, wire.MaxMessage)}, nil
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
