package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Limit is how long tests wait for anything. It is generous, for busy machines.
const Limit = 3 * time.Minute

// Server is a running thumbery.
type Server struct {
	URL   string // of the public listener
	Admin string
	Cmd   *exec.Cmd
	Log   *Log
	Done  chan error
}

// Serve starts thumbery serve and waits until it listens. It is stopped when the test ends,
// and must then exit with 0 and without a data race.
func Serve(t *testing.T, args ...string) *Server {
	t.Helper()
	s := Start(t, append([]string{"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	s.AwaitAddresses(t)
	return s
}

// AwaitAddresses waits until the program listens and sets URL and Admin.
func (s *Server) AwaitAddresses(t *testing.T) {
	t.Helper()
	addresses := s.Log.Await(t, regexp.MustCompile(`msg=listening address=(\S+)`), 2)
	s.URL, s.Admin = "http://"+addresses[0], "http://"+addresses[1]
	if r := Get(t, s.URL+"/healthz"); r.Status == http.StatusOK { // both begin to listen at once
		s.URL, s.Admin = s.Admin, s.URL
	}
}

// Start starts thumbery serve without waiting.
func Start(t *testing.T, args ...string) *Server {
	t.Helper()
	return StartCommand(t, append([]string{Binary, "serve"}, args...))
}

// StartCommand starts a command that becomes thumbery (as a shell does with exec), with
// additional open files.
func StartCommand(t *testing.T, command []string, files ...*os.File) *Server {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.ExtraFiles = files
	return StartCmd(t, cmd)
}

// StartCmd is StartCommand for one that is prepared.
func StartCmd(t *testing.T, cmd *exec.Cmd) *Server {
	t.Helper()
	s := &Server{Cmd: cmd, Log: &Log{lines: make(chan string, 4096)}, Done: make(chan error, 1)}
	s.Cmd.Stderr = s.Log
	if err := s.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.Done <- s.Cmd.Wait()
		close(s.Done)
		close(s.Log.lines)
	}()
	t.Cleanup(func() { s.Stop(t) })
	return s
}

// Terminate sends SIGTERM, and does not wait.
func (s *Server) Terminate(t *testing.T) {
	t.Helper()
	if err := s.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// EndNow sends a server that is stopping further signals, of which the first that it has
// not yet taken for one of those before ends it at once.
func (s *Server) EndNow(t *testing.T) {
	t.Helper()
	Eventually(t, "a second signal ends it", func() bool {
		_ = s.Cmd.Process.Signal(syscall.SIGTERM) // it may have gone
		select {
		case <-s.Done:
			return true
		default:
			return false
		}
	})
}

// Stop stops it with SIGTERM, as systemd does. Stopping twice does nothing.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	_ = s.Cmd.Process.Signal(syscall.SIGTERM) // it may have gone already
	select {
	case err := <-s.Done:
		if err != nil {
			t.Errorf("thumbery: %v\n%s", err, s.Log)
		}
	case <-time.After(Limit):
		_ = s.Cmd.Process.Kill()
		t.Errorf("thumbery did not stop\n%s", s.Log)
	}
	if strings.Contains(s.Log.String(), "DATA RACE") {
		t.Errorf("data race\n%s", s.Log)
	}
}
