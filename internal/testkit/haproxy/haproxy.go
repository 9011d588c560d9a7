// Package haproxy runs a real HAProxy with a file of deploy/, for tests and benchmarks.
package haproxy

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Config says what runs.
type Config struct {
	// File is the path of deploy/cluster/haproxy.cfg.
	File string
	// Edit changes the file's text, beside its address and its statistics socket; nil for
	// no change.
	Edit func(text string) string
}

// Server is a running HAProxy. Its methods are for the test's goroutine, but for Command.
type Server struct {
	Address string // HOST:PORT

	dir     string
	log     *pinned.Log
	process *pinned.Process
}

// Program is the path of haproxy, or "" if there is none.
func Program() string { return pinned.InstalledProgram("haproxy") }

// Start starts HAProxy at a free address and waits until it listens. It ends with the test.
func Start(t pinned.T, c Config) *Server {
	t.Helper()
	s := &Server{Address: pinned.MustFreeAddress(t), log: &pinned.Log{}}
	var err error
	// Not t.TempDir: the path of a socket must be short.
	if s.dir, err = os.MkdirTemp("", "haproxy-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(s.dir) }) // it is in a temporary directory
	s.write(t, c)
	// With a master process, so that it can be reloaded.
	s.process, err = pinned.Start(Program(), []string{"-W", "-f", s.file()}, os.Environ(), s.log)
	if err != nil {
		t.Fatalf("start haproxy: %v", err)
	}
	t.Cleanup(func() {
		s.process.Terminate()
		if t.Failed() {
			t.Logf("haproxy:\n%s", s.log)
		}
	})
	s.Await(t, "it listens", func() bool { return s.Command("show info") != "" })
	return s
}

// Reload has HAProxy take another configuration, and waits until the new process listens.
// The old one finishes what it has begun.
func (s *Server) Reload(t pinned.T, c Config) {
	t.Helper()
	s.write(t, c)
	before := s.pid()
	s.process.Signal(unix.SIGUSR2)
	s.Await(t, "it has reloaded", func() bool { now := s.pid(); return now != "" && now != before })
}

func (s *Server) pid() string {
	_, rest, _ := strings.Cut(s.Command("show info"), "\nPid: ")
	pid, _, _ := strings.Cut(rest, "\n")
	return pid
}

func (s *Server) file() string   { return filepath.Join(s.dir, "haproxy.cfg") }
func (s *Server) socket() string { return filepath.Join(s.dir, "admin.sock") }

func (s *Server) write(t pinned.T, c Config) {
	t.Helper()
	data, err := os.ReadFile(c.File)
	if err != nil {
		t.Fatal(err)
	}
	text := pinned.Edit(
		t, string(data), "bind :80 ", "bind "+s.Address+" ", "/run/haproxy/admin.sock", s.socket(),
		"log stdout format raw local0 info ", "log stdout format raw local0 notice ", // no requests
	)
	if c.Edit != nil {
		text = c.Edit(text)
	}
	if err := os.WriteFile(s.file(), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Command sends a command to the statistics socket, and returns the answer; "" if there is
// none.
func (s *Server) Command(command string) string {
	c, err := net.Dial("unix", s.socket())
	if err != nil {
		return ""
	}
	defer c.Close()
	if _, err := io.WriteString(c, command+"\n"); err != nil {
		return ""
	}
	answer, _ := io.ReadAll(c) // what came before an error is judged by the caller
	return string(answer)
}

// State is the state of a server: UP or DOWN.
func (s *Server) State(name string) string {
	const nameColumn, statusColumn = 1, 17
	for line := range strings.Lines(s.Command("show stat")) {
		if column := strings.Split(line, ","); len(column) > statusColumn && column[nameColumn] == name {
			state, _, _ := strings.Cut(column[statusColumn], " ") // "UP 1/2" is on its way
			return state
		}
	}
	return ""
}

// Await polls until a condition holds, and ends the test if it does not, or if HAProxy has
// ended.
func (s *Server) Await(t pinned.T, what string, holds func() bool) {
	t.Helper()
	err := s.process.Await(t.Context(), func(context.Context) error {
		if !holds() {
			return errors.New("it does not happen that " + what)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("haproxy: %v\n%s", err, s.log)
	}
}
