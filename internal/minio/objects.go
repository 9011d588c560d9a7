package minio

import (
	"bytes"
	"fmt"
	"testing"

	client "github.com/minio/minio-go/v7"
)

// Client is a client with the root user's rights.
func (s *Server) Client() *client.Client { return s.client }

// MakeBucket makes an empty bucket.
func (s *Server) MakeBucket(t testing.TB, bucket string) {
	t.Helper()
	if err := s.client.MakeBucket(t.Context(), bucket, client.MakeBucketOptions{}); err != nil {
		t.Fatalf("make bucket %s: %v", bucket, err)
	}
}

// Put keeps data under key in a bucket that exists.
func (s *Server) Put(t testing.TB, bucket, key string, data []byte) {
	t.Helper()
	_, err := s.client.PutObject(
		t.Context(), bucket, key, bytes.NewReader(data), int64(len(data)),
		client.PutObjectOptions{ContentType: "application/octet-stream"},
	)
	if err != nil {
		t.Fatalf("put %s/%s: %v", bucket, key, err)
	}
}

// Remove removes an object; a missing one is not an error.
func (s *Server) Remove(t testing.TB, bucket, key string) {
	t.Helper()
	if err := s.client.RemoveObject(t.Context(), bucket, key, client.RemoveObjectOptions{}); err != nil {
		t.Fatalf("remove %s/%s: %v", bucket, key, err)
	}
}

// MakePublic lets everybody list a bucket and read what is in it.
func (s *Server) MakePublic(t testing.TB, bucket string) {
	t.Helper()
	const policy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]},
		"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::%[1]s", "arn:aws:s3:::%[1]s/*"]}]}`
	if err := s.client.SetBucketPolicy(t.Context(), bucket, fmt.Sprintf(policy, bucket)); err != nil {
		t.Fatalf("make %s public: %v", bucket, err)
	}
}
