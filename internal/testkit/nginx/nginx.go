// Package nginx runs a real nginx with a file of deploy/, for tests and benchmarks.
package nginx

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Config has the values for the lines of deploy/nginx.conf marked CHANGE.
type Config struct {
	// File is the path of deploy/nginx.conf.
	File string
	// Listen is where nginx listens, HOST:PORT.
	Listen string
	// Public and Admin are the addresses of Thumbery's listeners, HOST:PORT or
	// unix:/PATH.
	Public, Admin string
	// Cache is the cache directory, absolute.
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
	cmd *exec.Cmd
	dir string
}

// Start starts nginx and waits until it listens. The caller closes the Server.
func Start(c Config) (*Server, error) {
	text, err := c.text()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "thumbery-nginx-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(c.main(dir, text)), 0o644); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.cmd = exec.Command(program(), "-c", file, "-e", "stderr")
	s.cmd.Stderr = c.Log
	s.cmd.WaitDelay = 10 * time.Second
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return nil, errors.Join(err, s.Close())
	}
	if err := waitFor(c.Listen); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close stops nginx and its workers.
func (s *Server) Close() error {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM) // to the workers as well; it may have gone already
		_ = s.cmd.Wait()                          // how it ended does not matter any more
	}
	return os.RemoveAll(s.dir)
}

// text is the file with the marked lines changed. Each must be there exactly once.
func (c Config) text() (string, error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return "", err
	}
	text := string(data)
	for _, change := range [][2]string{
		{"server 127.0.0.1:8080;", "server " + c.Public + ";"},
		{"server 127.0.0.1:8081;", "server " + c.Admin + ";"},
		{"listen 80;", "listen " + c.Listen + ";"},
		{"alias /var/cache/thumbery/;", "alias " + c.Cache + "/;"},
	} {
		if n := strings.Count(text, change[0]); n != 1 {
			return "", fmt.Errorf("%s has %q %d times, and not once", c.File, change[0], n)
		}
		text = strings.Replace(text, change[0], change[1], 1)
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

// program finds nginx, which Debian keeps in /usr/sbin.
func program() string {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path
	}
	return "/usr/sbin/nginx"
}

// waitFor waits until something listens at address.
func waitFor(address string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 18_000 { // three minutes, on a busy machine
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		<-tick.C
	}
	return fmt.Errorf("nothing listens at %s", address)
}
