package s3_test

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	client "github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/s3"
)

// testBucket: objects with notes, below a prefix, replaced, listed and deleted.
func testBucket(t *testing.T, server *minio.Server) {
	fill(t, server, "notes", "", map[string][]byte{"pre/foreign": []byte("x"), "other/a-1": []byte("x")})
	b := openBucket(t, server, "notes", server.SecretKey)
	for _, body := range []string{"first", ""} {
		if err := b.Put(t.Context(), "a-1", []byte(body), "image/webp", "a note"); err != nil {
			t.Fatal(err)
		}
		if got, note, err := b.Get(t.Context(), "a-1", 5); err != nil || string(got) != body || note != "a note" {
			t.Errorf("read %q, %q, %v", got, note, err)
		}
	}
	info, err := server.Client().StatObject(t.Context(), "notes", "pre/a-1", client.StatObjectOptions{})
	if err != nil || info.ContentType != "image/webp" {
		t.Errorf("type %q, %v", info.ContentType, err)
	}
	if got, note, err := b.Get(t.Context(), "foreign", 5); err != nil || string(got) != "x" || note != "" {
		t.Errorf("foreign: %q, %q, %v", got, note, err)
	}
	if err := b.Put(t.Context(), "a-2", bytes.Repeat([]byte("x"), 6), "x", ""); err != nil {
		t.Fatal(err)
	}
	if got, _, err := b.Get(t.Context(), "a-2", 5); failure.Of(err) != failure.Answered || got != nil {
		t.Errorf("too large: %q, %v", got, err)
	}
	var keys []string
	for key, err := range b.List(t.Context(), "a-") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if strings.Join(keys, " ") != "a-1 a-2" {
		t.Errorf("listed %v", keys)
	}
	for range 2 {
		if err := b.Delete(t.Context(), "a-1"); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := b.Get(t.Context(), "a-1", 5); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	testBucketRefusals(t, server)
}

func testBucketRefusals(t *testing.T, server *minio.Server) {
	for _, b := range []*s3.Bucket{openBucket(t, server, "nowhere", server.SecretKey), openBucket(t, server, "notes", "wrong-secret")} {
		_, _, err := b.Get(t.Context(), "a", 5)
		wantUnavailable(t, err, "")
		wantUnavailable(t, b.Put(t.Context(), "a", nil, "x", ""), "")
		wantUnavailable(t, b.Delete(t.Context(), "a"), "")
		for _, err := range b.List(t.Context(), "") {
			wantUnavailable(t, err, "")
		}
	}
}

func openBucket(t *testing.T, server *minio.Server, bucket, secret string) *s3.Bucket {
	t.Helper()
	u, err := url.Parse("s3://" + bucket + "/pre?endpoint=" + server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s3.OpenBucket(u, s3.Options{AccessKey: server.AccessKey, SecretKey: secret})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
