package minio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	client "github.com/minio/minio-go/v7"
)

func TestServer(t *testing.T) {
	s := Start(t)
	s.MakeBucket(t, "bucket")
	s.Put(t, "bucket", "a b/ü?.txt", []byte("data"))
	if got := get(t, s, "a b/ü?.txt"); got != "data" {
		t.Errorf("read %q", got)
	}

	s.Stop()
	s.Stop()
	if resp, err := http.Get(s.Endpoint); err == nil {
		resp.Body.Close()
		t.Error("a stopped server answers")
	}
	s.Restart(t)
	if got := get(t, s, "a b/ü?.txt"); got != "data" {
		t.Errorf("after a restart: read %q", got)
	}

	s.Pause()
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() { _, err := s.Client().ListBuckets(ctx); answered <- err }()
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("a paused server answers: %v", err)
	}
	s.Resume()
	s.Remove(t, "bucket", "a b/ü?.txt")
	if _, err := s.Client().StatObject(t.Context(), "bucket", "a b/ü?.txt", client.StatObjectOptions{}); err == nil {
		t.Error("a removed object is there")
	}
}

func get(t *testing.T, s *Server, key string) string {
	t.Helper()
	object, err := s.Client().GetObject(t.Context(), "bucket", key, client.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	got, err := io.ReadAll(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestPinnedVersion(t *testing.T) {
	tests := []struct{ text, want string }{
		{"module x\n\nrequire github.com/minio/minio v1.2.3\n", "v1.2.3"},
		{"require (\n\tgithub.com/minio/minio-go/v7 v7.0.0 // indirect\n\tgithub.com/minio/minio v0.0.0-x // indirect\n)\n", "v0.0.0-x"},
		{"tool github.com/minio/minio\n", ""},
		{"", ""},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "go.mod")
		if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := pinnedVersion(path); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

// TestBrokenBuild: what a failed build leaves is not taken for a server.
func TestBrokenBuild(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "minio")
	var said strings.Builder
	if err := build(t.Context(), t.TempDir(), binary, &said); err == nil || isExecutable(binary) {
		t.Errorf("a build without a module gives %v", err)
	}
	if !strings.Contains(said.String(), "cannot find main module") {
		t.Errorf("the progress does not show why: %q", said.String())
	}
}

func TestLogBuffer(t *testing.T) {
	var b logBuffer
	for range 3 {
		if n, err := b.Write(make([]byte, logLimit/2+1)); n != logLimit/2+1 || err != nil {
			t.Errorf("Write gives %d, %v", n, err)
		}
	}
	if n := len(b.String()); n != logLimit {
		t.Errorf("kept %d bytes, want %d", n, logLimit)
	}
}
