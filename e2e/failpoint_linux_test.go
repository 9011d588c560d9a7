package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/failpoint"
)

// serveUntil is serve of a server that stops at a failpoint, such as "temp file
// synced:2": see package failpoint. The test awaits that and kills it.
func serveUntil(t *testing.T, point string, args ...string) *server {
	t.Helper()
	s := startUntil(t, point, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	s.awaitAddresses(t)
	return s
}

// startUntil starts any subcommand so, and does not wait.
func startUntil(t *testing.T, point string, args ...string) *server {
	t.Helper()
	s := startCommand(t, append([]string{"env", "FAILPOINT=" + point, binary}, args...))
	t.Cleanup(func() { _ = s.cmd.Process.Signal(unix.SIGCONT) }) // or it could not be stopped in order
	return s
}

// awaitStop waits until the program has stopped at its failpoint. It fails the test
// if the program ends without having been there.
func (s *server) awaitStop(t *testing.T) {
	t.Helper()
	s.log.waitFor(t, regexp.MustCompile("^("+failpoint.Reached+")"), 1)
	// It says so just before it stops: a SIGCONT that came between would be lost.
	status := fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid)
	eventually(t, "the program is stopped", func() bool { return strings.Contains(string(read(t, status)), "State:\tT") })
}

// kill kills the program, and returns when it is gone.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.done
	client.CloseIdleConnections()
}
