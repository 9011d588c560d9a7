package e2e

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// S3 starts a MinIO that the test may stop, with a bucket of pictures, and returns it with
// the arguments that make thumbery use it.
func S3(t *testing.T, pictures map[string][]byte) (*minio.Server, []string) {
	t.Helper()
	store := minio.Start(t)
	return store, fill(t, store, "pictures", pictures)
}

// Bucket is like S3, with a bucket of the MinIO that the tests of a package share.
func Bucket(t *testing.T, pictures map[string][]byte) []string {
	t.Helper()
	pinned.NotShort(t)
	return fill(t, sharedStore(), fmt.Sprintf("bucket-%d", buckets.Add(1)), pictures)
}

// NumberedStore returns the MinIO that the tests of a package share, with NumberedPictures in
// outage.Bucket. A test must not change them, nor stop it.
func NumberedStore(t *testing.T) *minio.Server {
	t.Helper()
	pinned.NotShort(t)
	return numberedStore()
}

// NumberedPictures is how many pictures NumberedStore has.
const NumberedPictures = 300

var (
	sharedStore   = sync.OnceValue(func() *minio.Server { return minio.Start(run) })
	numberedStore = sync.OnceValue(func() *minio.Server {
		outage.Fill(run, sharedStore(), NumberedPictures, outage.Width, outage.Height)
		return sharedStore()
	})
	buckets atomic.Int64
)

// fill makes a bucket of pictures and returns the arguments that make thumbery use it.
func fill(t *testing.T, store *minio.Server, bucket string, pictures map[string][]byte) []string {
	t.Helper()
	store.MakeBucket(t, bucket)
	for key, data := range pictures {
		store.Put(t, bucket, key, data)
	}
	return []string{"--source", "/=s3://" + bucket + "?endpoint=" + store.Endpoint, "--cache", t.TempDir()}
}
