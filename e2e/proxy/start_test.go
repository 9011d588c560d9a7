package proxy

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
)

// startProxy runs a command that listens at a free address, until the test ends, waits
// until it is ready, and returns the address. It tries another address if a program has
// taken the first one since it was found free.
func startProxy(t *testing.T, command func(address string) *exec.Cmd, ready func(address string) bool) string {
	t.Helper()
	for attempt := 1; ; attempt++ {
		address := e2e.FreeAddress(t)
		cmd := command(address)
		log, ended := runProxy(t, cmd)
		up := false
		e2e.Eventually(t, cmd.Path+" is ready", func() bool {
			select {
			case <-ended:
				return true
			default:
				up = ready(address)
				return up
			}
		})
		if up {
			return address
		}
		if attempt == 2 || !strings.Contains(strings.ToLower(log.String()), "address already in use") {
			t.Fatalf("%s has ended", cmd.Path)
		}
	}
}

// runProxy starts a command that is stopped when the test ends. The channel is closed when
// it has ended.
func runProxy(t *testing.T, cmd *exec.Cmd) (*e2e.Log, <-chan struct{}) {
	t.Helper()
	log, ended := &e2e.Log{}, make(chan struct{})
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = log, log, 10*time.Second
	e2e.Must(t, cmd.Start())
	go func() {
		_ = cmd.Wait() // how it ended does not matter
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		<-ended
		if t.Failed() {
			t.Logf("%s:\n%s", cmd.Path, log)
		}
	})
	return log, ended
}
