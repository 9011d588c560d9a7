package e2e

import (
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/minio"
)

// S3 starts a MinIO with a bucket of the given pictures, and returns it with
// the arguments that make thumbery use it.
func S3(t *testing.T, pictures map[string][]byte) (*minio.Server, []string) {
	t.Helper()
	store := minio.Start(t)
	store.MakeBucket(t, "pictures")
	for key, data := range pictures {
		store.Put(t, "pictures", key, data)
	}
	return store, []string{"--source", "/=s3://pictures?endpoint=" + store.Endpoint, "--cache", t.TempDir()}
}
