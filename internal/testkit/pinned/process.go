package pinned

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a child process that dies with this one where the system supports that.
type Process struct {
	child *os.Process
	ended chan struct{} // closed when it has ended and been waited for
	err   error         // how it ended; read after ended is closed
}

// outputLimit is how long children of a program that has ended may keep its output open.
const outputLimit = 10 * time.Second

// Start starts a program with env as its whole environment. Its output goes to output.
func Start(binary string, args, env []string, output io.Writer) (*Process, error) {
	cmd := exec.Command(binary, args...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = dieWithParent()
	cmd.WaitDelay = outputLimit
	p := &Process{ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The child is tied to the thread that started it, not to the process:
		// this thread waits as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		p.child = cmd.Process
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.ended)
		}
	}()
	return p, <-started
}

// PID is the process ID.
func (p *Process) PID() int { return p.child.Pid }

// Ended is closed when the process has ended; Err then says how.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err waits for the end of the process and says how it ended.
func (p *Process) Err() error {
	<-p.ended
	return p.err
}

// awaitLimit is ample for anything that a server does, on a busy machine.
const awaitLimit = 3 * time.Minute

// Await polls until try returns nil. Its errors are the last one of try, and that the process
// has ended, ctx is done, or three minutes have passed.
func (p *Process) Await(ctx context.Context, try func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, awaitLimit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.ended:
			return errors.Join(fmt.Errorf("the program has ended: %w", p.err), err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// Kill kills the process, even a paused one, and waits for its end.
func (p *Process) Kill() {
	_ = p.child.Kill() // it may have ended
	<-p.ended
}

// Terminate sends SIGTERM and waits for the end.
func (p *Process) Terminate() {
	p.Signal(unix.SIGTERM)
	<-p.ended
}

// Signal sends a signal to the process; nothing if it has ended.
func (p *Process) Signal(s unix.Signal) { _ = p.child.Signal(s) }

// Pause freezes the process: it keeps its connections and ports and does nothing.
func (p *Process) Pause() { p.Signal(unix.SIGSTOP) }

// Resume ends Pause.
func (p *Process) Resume() { p.Signal(unix.SIGCONT) }

// InstalledProgram is the path of a program of the system, or "" if there is none. Debian keeps
// servers in /usr/sbin.
func InstalledProgram(name string) string {
	for _, candidate := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	return ""
}
