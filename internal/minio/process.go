package minio

import (
	"io"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// process is a child that dies with us where the system can arrange it.
type process struct {
	child *os.Process
	ended chan struct{} // closed when it has ended and been waited for
	err   error         // how it ended; read after ended is closed
}

func startProcess(binary string, args, env []string, output io.Writer) (*process, error) {
	cmd := exec.Command(binary, args...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = dieWithParent()
	p := &process{ended: make(chan struct{})}
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

// kill ends the process, also a paused one, and waits for its end.
func (p *process) kill() {
	_ = p.child.Kill()
	<-p.ended
}

func (p *process) pause()  { _ = p.child.Signal(unix.SIGSTOP) }
func (p *process) resume() { _ = p.child.Signal(unix.SIGCONT) }
