// Package minio starts a real MinIO server for tests: on free ports of the
// loopback interface, with an empty data directory, gone when the test ends.
package minio

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	client "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	// startLimit is how long a server may take to answer; it needs a second
	// or two on an idle machine.
	startLimit = 60 * time.Second
	pollEvery  = 50 * time.Millisecond
)

// Server is a running MinIO. Its methods are for the test's goroutine.
type Server struct {
	Endpoint  string // http://127.0.0.1:port
	AccessKey string // of the root user, new for every Start
	SecretKey string

	binary  string
	dir     string // data, home and certificates
	address string
	console string
	log     *logBuffer
	process *process // nil while stopped
	client  *client.Client
}

// Start builds MinIO if need be, starts it and waits until it answers. It is
// killed when the test ends, and what it said is shown if the test failed. In
// short mode the test is skipped.
func Start(t testing.TB) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a MinIO server; not in short mode")
	}
	binary, err := Binary(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		AccessKey: rand.Text(), SecretKey: rand.Text(),
		binary: binary, dir: t.TempDir(), address: freeAddress(t), console: freeAddress(t), log: &logBuffer{},
	}
	s.Endpoint = "http://" + s.address
	s.client, err = client.New(s.address, &client.Options{
		Creds:      credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""),
		Region:     "us-east-1",
		MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("MinIO said:\n%s", s.log)
		}
	})
	s.Restart(t)
	return s
}

// Restart starts a stopped server again, on the same port with the same data
// and keys, and waits until it answers; a running one is stopped first.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	p, err := startProcess(s.binary, s.arguments(), s.environment(), s.log)
	if err != nil {
		t.Fatalf("start MinIO: %v", err)
	}
	s.process = p
	if err := s.awaitReady(t.Context()); err != nil {
		t.Fatalf("MinIO does not answer: %v", err)
	}
}

// Stop kills the server: connections break, its port refuses new ones. The data
// stays for Restart. Stopping twice does nothing.
func (s *Server) Stop() {
	if s.process != nil {
		s.process.kill()
		s.process = nil
	}
}

// Pause freezes the server: it keeps its connections and its port, and answers
// nothing, like a machine that hangs. Stop works on a paused server.
func (s *Server) Pause() { s.process.pause() }

// Resume ends Pause.
func (s *Server) Resume() { s.process.resume() }

func (s *Server) arguments() []string {
	return []string{
		"server", "--quiet", "--address", s.address, "--console-address", s.console,
		"--certs-dir", filepath.Join(s.dir, "certs"), filepath.Join(s.dir, "data"),
	}
}

// environment has nothing of ours but the path: a MINIO_ or AWS_ variable of
// the developer's must not change what is tested.
func (s *Server) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + s.dir,
		"MINIO_ROOT_USER=" + s.AccessKey,
		"MINIO_ROOT_PASSWORD=" + s.SecretKey,
		"MINIO_BROWSER=off",
		"MINIO_UPDATE=off",
		"MINIO_CALLHOME_ENABLE=off",
		"MINIO_CI_CD=1", // a directory on the root disk will do
	}
}

// awaitReady polls until the server says that it is ready and answers a signed
// request: it listens before its users are loaded.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := s.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.process.ended:
			return fmt.Errorf("it ended: %w", s.process.err)
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func (s *Server) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/minio/health/ready", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("health: %s", resp.Status)
	}
	_, err = s.client.ListBuckets(ctx)
	return err
}

// freeAddress asks the kernel for a port that nobody has. Somebody may take it
// before MinIO does; the kernel hands ports out in turn, so that is rare.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// logBuffer keeps the first logLimit bytes that a server says.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const logLimit = 64 << 10

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Write(p[:min(len(p), max(0, logLimit-b.buf.Len()))])
	return len(p), nil
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
