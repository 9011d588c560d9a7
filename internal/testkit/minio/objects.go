package minio

import (
	"bytes"
	"context"
	"fmt"

	client "github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Client is a client with the root user's rights.
func (s *Server) Client() *client.Client { return s.client }

// MakeBucket makes an empty bucket.
func (s *Server) MakeBucket(t pinned.T, bucket string) {
	t.Helper()
	if err := s.client.MakeBucket(t.Context(), bucket, client.MakeBucketOptions{}); err != nil {
		t.Fatalf("make bucket %s: %v", bucket, err)
	}
}

// Put stores an object in an existing bucket.
func (s *Server) Put(t pinned.T, bucket, key string, data []byte) {
	t.Helper()
	if err := s.Upload(t.Context(), bucket, key, data); err != nil {
		t.Fatal(err)
	}
}

// Upload is Put for goroutines, which must not end the test.
func (s *Server) Upload(ctx context.Context, bucket, key string, data []byte) error {
	_, err := s.client.PutObject(
		ctx, bucket, key, bytes.NewReader(data), int64(len(data)),
		client.PutObjectOptions{ContentType: "application/octet-stream"},
	)
	if err != nil {
		return fmt.Errorf("put %s/%s: %w", bucket, key, err)
	}
	return nil
}

// Remove removes an object; a missing one is not an error.
func (s *Server) Remove(t pinned.T, bucket, key string) {
	t.Helper()
	if err := s.client.RemoveObject(t.Context(), bucket, key, client.RemoveObjectOptions{}); err != nil {
		t.Fatalf("remove %s/%s: %v", bucket, key, err)
	}
}

// MakePublic lets everybody list and read a bucket.
func (s *Server) MakePublic(t pinned.T, bucket string) {
	t.Helper()
	const policy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]},
		"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::%[1]s", "arn:aws:s3:::%[1]s/*"]}]}`
	if err := s.client.SetBucketPolicy(t.Context(), bucket, fmt.Sprintf(policy, bucket)); err != nil {
		t.Fatalf("make %s public: %v", bucket, err)
	}
}
