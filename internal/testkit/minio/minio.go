// Package minio starts a real MinIO server for tests: on free ports of the
// loopback interface, with an empty data directory, gone when the test ends.
package minio

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	client "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// AccessKey and SecretKey are the root user's, on every server of this process and of no
// other one.
var AccessKey, SecretKey = rand.Text(), rand.Text()

// Server is a running MinIO. Its methods are for the test's goroutine.
type Server struct {
	Endpoint  string // http://127.0.0.1:port
	AccessKey string // the package's
	SecretKey string
	// Environment is added to the server's own from the next Restart on.
	Environment []string

	binary  string
	dir     string // data, home and certificates
	address string
	console string
	log     *pinned.Log
	process *pinned.Process // nil while stopped
	client  *client.Client
}

// Start builds MinIO if need be, starts it and waits until it is ready. It is killed when
// the test ends, and its log is shown if the test failed. In short mode the test is
// skipped.
func Start(t pinned.T) *Server {
	t.Helper()
	binary := Tool().MustBinary(t)
	s := &Server{
		AccessKey: AccessKey, SecretKey: SecretKey,
		binary: binary, dir: t.TempDir(), address: pinned.MustFreeAddress(t), console: pinned.MustFreeAddress(t), log: &pinned.Log{},
	}
	s.Endpoint = "http://" + s.address
	c, err := client.New(s.address, &client.Options{
		Creds:      credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""),
		Region:     "us-east-1",
		MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.client = c
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("MinIO said:\n%s", s.log)
		}
	})
	s.Restart(t)
	return s
}

// Restart starts a stopped server again, on the same port with the same data and keys, and
// waits until it is ready; a running one is stopped first.
func (s *Server) Restart(t pinned.T) {
	t.Helper()
	s.Stop()
	p, err := pinned.Start(s.binary, s.arguments(), s.environment(), s.log)
	if err != nil {
		t.Fatalf("start MinIO: %v", err)
	}
	s.process = p
	if err := s.process.Await(t.Context(), s.ready); err != nil {
		t.Fatalf("MinIO does not answer: %v", err)
	}
}

// Stop kills the server: connections break, and new ones are refused. The data stays for
// Restart. Stopping twice does nothing.
func (s *Server) Stop() {
	if s.process != nil {
		s.process.Kill()
		s.process = nil
	}
}

// Pause freezes the server, as a machine that hangs: it keeps its connections and its port
// and answers nothing. Stop works on a paused server.
func (s *Server) Pause() { s.process.Pause() }

// Resume ends Pause.
func (s *Server) Resume() { s.process.Resume() }

func (s *Server) arguments() []string {
	return []string{
		"server", "--quiet", "--address", s.address, "--console-address", s.console,
		"--certs-dir", filepath.Join(s.dir, "certs"), filepath.Join(s.dir, "data"),
	}
}

// environment passes on nothing but the path: a MINIO_ or AWS_ variable of the developer
// must not change the test.
func (s *Server) environment() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + s.dir,
		"MINIO_ROOT_USER=" + s.AccessKey,
		"MINIO_ROOT_PASSWORD=" + s.SecretKey,
		"MINIO_BROWSER=off",
		"MINIO_UPDATE=off",
		"MINIO_CALLHOME_ENABLE=off",
		"MINIO_CI_CD=1", // a directory on the root disk will do
	}, s.Environment...)
}

// ready returns nil when the server says that it is ready and accepts a signed request: it
// listens before its users are loaded.
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
