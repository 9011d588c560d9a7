// Package varnish runs a real Varnish with a file of deploy/, for tests and benchmarks.
package varnish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Config says what runs.
type Config struct {
	// File is the path of a VCL file of deploy/.
	File string
	// Edit changes the file's text; nil for no change.
	Edit func(text string) string
}

// Server is a running Varnish. Its methods are for the test's goroutine, but for Admin.
type Server struct {
	Address string // HOST:PORT

	dir     string
	loaded  int    // how many configurations were
	active  string // the name of the last one
	log     *pinned.Log
	process *pinned.Process
}

// quickly has configurations compiled without optimising.
const quickly = "cc_command=exec cc -O0 -fpic -shared -o %o %s"

// Program is the path of varnishd, or "" if there is none.
func Program() string { return pinned.InstalledProgram("varnishd") }

// Start starts Varnish at a free address and waits until it runs. It ends with the test.
func Start(t pinned.T, c Config) *Server {
	t.Helper()
	s := &Server{Address: pinned.MustFreeAddress(t), dir: t.TempDir(), active: "boot", log: &pinned.Log{}}
	var err error
	s.process, err = pinned.Start(Program(), []string{
		"-F", "-j", "none", "-a", s.Address, "-T", "127.0.0.1:0", "-f", s.write(t, c), "-n", filepath.Join(s.dir, "run"), "-s", "malloc,32M",
		"-p", quickly,
	}, os.Environ(), s.log)
	if err != nil {
		t.Fatalf("start varnishd: %v", err)
	}
	t.Cleanup(func() {
		s.process.Terminate()
		if t.Failed() {
			t.Logf("varnishd:\n%s", s.log)
		}
	})
	s.await(t)
	return s
}

// Reload has Varnish take another configuration.
func (s *Server) Reload(t pinned.T, c Config) {
	t.Helper()
	file := s.write(t, c)
	s.active = fmt.Sprint("reloaded", s.loaded)
	for _, command := range [][]string{{"vcl.load", s.active, file}, {"vcl.use", s.active}} {
		if answer, err := s.Admin(command...); err != nil {
			t.Fatalf("varnishadm %s: %v\n%s", command, err, answer)
		}
	}
}

// write writes the configuration to a file and returns its path.
func (s *Server) write(t pinned.T, c Config) string {
	t.Helper()
	data, err := os.ReadFile(c.File)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if c.Edit != nil {
		text = c.Edit(text)
	}
	s.loaded++
	file := filepath.Join(s.dir, fmt.Sprintf("%d.vcl", s.loaded))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// Healthy reports that the probes of a backend succeed.
func (s *Server) Healthy(backend string) bool {
	out, err := s.Admin("backend.list", s.active+"."+backend)
	return err == nil && strings.Contains(out, " healthy ")
}

// Admin runs a command of varnishadm, and returns its output.
func (s *Server) Admin(args ...string) (string, error) {
	program, err := exec.LookPath("varnishadm")
	if err != nil {
		return "", err
	}
	out, err := exec.Command(program, append([]string{"-n", filepath.Join(s.dir, "run"), "-t", "60"}, args...)...).CombinedOutput()
	return string(out), err
}

// await waits until the child process serves.
func (s *Server) await(t pinned.T) {
	t.Helper()
	err := s.process.Await(t.Context(), func(context.Context) error {
		out, err := s.Admin("status")
		if err == nil && !strings.Contains(out, "running") {
			err = errors.New(out)
		}
		return err
	})
	if err != nil {
		t.Fatalf("varnishd does not run: %v\n%s", err, s.log)
	}
}
