// Package nginx runs a real nginx with a file of deploy/, for tests and benchmarks.
package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Config has the values for the lines of a file of deploy/ marked CHANGE.
type Config struct {
	// File is the path of the file.
	File string
	// Public and Admin are the addresses of Thumbery's listeners, HOST:PORT or
	// unix:/PATH; "" if the file has several, which Edit then sets.
	Public, Admin string
	// Cache is the cache directory, absolute; "" if the file does not name it.
	Cache string
	// Edit changes the file's text further; nil for no change.
	Edit func(text string) string
	// Workers is the number of nginx's processes; 0 is one for each CPU.
	Workers int
	// Log receives what nginx says.
	Log io.Writer
}

// Server is a running nginx.
type Server struct {
	// Address is where it listens, HOST:PORT.
	Address string

	process *pinned.Process
	dir     string
}

// Start starts nginx at a free address and waits until it listens. The caller closes the
// Server.
func Start(c Config) (*Server, error) {
	var log bytes.Buffer
	s, err := c.start(&log)
	if err != nil && strings.Contains(log.String(), "Address already in use") { // since it was found free
		s, err = c.start(&log)
	}
	return s, err
}

func (c Config) start(log *bytes.Buffer) (*Server, error) {
	address, err := pinned.FreeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "thumbery-nginx-")
	if err != nil {
		return nil, err
	}
	s := &Server{Address: address, dir: dir}
	if err := s.write(c); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if s.process, err = pinned.Start(Program(), []string{"-c", s.file(), "-e", "stderr"}, os.Environ(), io.MultiWriter(c.Log, log)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	// Only when nginx listens it writes the file with its process id.
	err = s.process.Await(context.Background(), func(context.Context) error { _, err := os.Stat(filepath.Join(dir, "pid")); return err })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("nginx does not listen at %s: %w", address, err), s.Close())
	}
	return s, nil
}

func (s *Server) file() string { return filepath.Join(s.dir, "nginx.conf") }

func (s *Server) write(c Config) error {
	text, err := c.text(s.Address)
	if err != nil {
		return err
	}
	return os.WriteFile(s.file(), []byte(c.main(s.dir, text)), 0o644)
}

// Reload has nginx take another configuration, and does not wait until it has.
func (s *Server) Reload(c Config) error {
	if err := s.write(c); err != nil {
		return err
	}
	s.process.Signal(unix.SIGHUP)
	return nil
}

// Close stops nginx and its workers.
func (s *Server) Close() error {
	s.process.Terminate()
	return os.RemoveAll(s.dir)
}

// text is the file with the marked lines changed. Each must be there exactly once.
func (c Config) text(address string) (string, error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return "", err
	}
	text := string(data)
	for _, change := range [][3]string{
		{c.Public, "server 127.0.0.1:8080;", "server " + c.Public + ";"},
		{c.Admin, "server 127.0.0.1:8081;", "server " + c.Admin + ";"},
		{address, "listen 80;", "listen " + address + ";"},
		{c.Cache, "alias /var/cache/thumbery/;", "alias " + c.Cache + "/;"},
	} {
		if change[0] == "" {
			continue
		}
		if n := strings.Count(text, change[1]); n != 1 {
			return "", fmt.Errorf("%s has %q %d times, and not once", c.File, change[1], n)
		}
		text = strings.Replace(text, change[1], change[2], 1)
	}
	if c.Edit != nil {
		text = c.Edit(text)
	}
	return text, nil
}

// main is the configuration around the text, as a distribution has it in
// /etc/nginx/nginx.conf.
func (c Config) main(dir, text string) string {
	user, workers := "", "auto"
	if os.Geteuid() == 0 {
		user = "user root;" // or it could not read temporary directories
	}
	if c.Workers > 0 {
		workers = fmt.Sprint(c.Workers)
	}
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "\t%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	return fmt.Sprintf(`daemon off; pid %s/pid; error_log stderr; %s worker_processes %s;
events { worker_connections 1024; }
http {
	access_log off;
	types { image/jpeg jpg; }
	keepalive_requests 1000000;
%s%s}
`, dir, user, workers, &temp, text)
}

// Program is the path of nginx, or "" if there is none.
func Program() string { return pinned.InstalledProgram("nginx") }
