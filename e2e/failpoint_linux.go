package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/failpoint"
)

// ServeUntil is Serve for a server that stops at a failpoint, such as "temp file synced:2";
// see package failpoint. The test waits for that with AwaitStop and then kills it.
func ServeUntil(t *testing.T, point string, args ...string) *Server {
	t.Helper()
	s := StartUntil(t, point, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	s.AwaitAddresses(t)
	return s
}

// StartUntil starts any subcommand with a failpoint and does not wait.
func StartUntil(t *testing.T, point string, args ...string) *Server {
	t.Helper()
	s := StartCommand(t, append([]string{"env", "FAILPOINT=" + point, Binary}, args...))
	t.Cleanup(func() { _ = s.Cmd.Process.Signal(unix.SIGCONT) }) // or it could not be stopped in order
	return s
}

// AwaitStop waits until the program has stopped at its failpoint. It fails the test if the
// program exits without reaching it.
func (s *Server) AwaitStop(t *testing.T) {
	t.Helper()
	s.Log.Await(t, regexp.MustCompile("^("+failpoint.Reached+")"), 1)
	// It says so just before it stops: a SIGCONT that came between would be lost.
	status := fmt.Sprintf("/proc/%d/status", s.Cmd.Process.Pid)
	Eventually(t, "the program is stopped", func() bool { return strings.Contains(string(Read(t, status)), "State:\tT") })
}

// Kill kills the program and waits for its end.
func (s *Server) Kill(t *testing.T) {
	t.Helper()
	if err := s.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.Done
	Client.CloseIdleConnections()
}
