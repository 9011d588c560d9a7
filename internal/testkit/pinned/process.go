package pinned

import (
	"io"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// Process is a child that dies with us where the system can arrange it.
type Process struct {
	child *os.Process
	ended chan struct{} // closed when it has ended and been waited for
	err   error         // how it ended; read after ended is closed
}

// Start starts a program with nothing in its environment but env. What it says
// goes to output.
func Start(binary string, args, env []string, output io.Writer) (*Process, error) {
	cmd := exec.Command(binary, args...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = dieWithParent()
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

// PID is the child's process id.
func (p *Process) PID() int { return p.child.Pid }

// Ended is closed when the child has ended; Err then says how.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err is how the child ended. It waits for that.
func (p *Process) Err() error {
	<-p.ended
	return p.err
}

// Kill ends the child, also a paused one, and waits for its end.
func (p *Process) Kill() {
	_ = p.child.Kill() // it may have ended
	<-p.ended
}

// Terminate asks the child to end, and waits for that.
func (p *Process) Terminate() {
	_ = p.child.Signal(unix.SIGTERM) // it may have ended
	<-p.ended
}

// Pause freezes the child: it keeps its connections and ports, and does nothing.
func (p *Process) Pause() { _ = p.child.Signal(unix.SIGSTOP) }

// Resume ends Pause.
func (p *Process) Resume() { _ = p.child.Signal(unix.SIGCONT) }
