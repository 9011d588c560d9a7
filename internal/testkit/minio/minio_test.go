package minio

import (
	"context"
	"errors"
	"io"
	"net/http"
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
