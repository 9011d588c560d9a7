package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// build builds the program.
func (b *bench) build() error {
	if b.binary != "" {
		return nil
	}
	b.binary = filepath.Join(b.dir, "thumbery")
	cmd := exec.Command("go", "build", "-trimpath", "-o", b.binary, "./cmd/thumbery")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// server is a running thumbery.
type server struct {
	b       *bench
	address string
	name    string
	stop    func()
}

func (b *bench) serve(args ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	photos, err := filepath.Abs(".photos")
	if err != nil {
		return nil, err
	}
	cache, err := os.MkdirTemp("", "thumbery-quality-")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(b.binary, append([]string{
		"serve", "--listen", address, "--admin", "", "--cache", cache, "--source", "/=file://" + photos,
	}, args...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what it wrote says how it ended
		close(ended)
	}()
	s := &server{b: b, address: address, name: "thumbery" + strings.Join(args, ""), stop: func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have gone already
		<-ended
		_ = os.RemoveAll(cache) // it is in a temporary directory
	}}
	if err := waitFor(address, ended); err != nil {
		s.stop()
		return nil, fmt.Errorf("%w: %.500s", err, log.String())
	}
	return s, nil
}

// waitFor waits until something listens, but no longer than until ended.
func waitFor(address string, ended <-chan struct{}) error {
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		if c, err := net.Dial("tcp", address); err == nil {
			tick.Stop()
			return c.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("nothing listens at %s", address)
		case <-tick.C:
		}
	}
}

func (s *server) make(p picture, width, quality int) (string, error) {
	r, err := http.Get(fmt.Sprintf("http://%s/%dx,q_%d/%s", s.address, width, quality, url.PathEscape(filepath.Base(p.path))))
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s %.200s", r.Status, body)
	}
	path := s.b.made(p, s.name, width, quality)
	return path, os.WriteFile(path, body, 0o644)
}
