package e2e

import (
	"fmt"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Nodes starts a cluster of so many nodes, with pictures in a bucket of their own of the
// MinIO that the tests of a package share. config may have more arguments, and a network.
func Nodes(t *testing.T, count int, pictures map[string][]byte, config cluster.Config) *cluster.Cluster {
	t.Helper()
	pinned.NotShort(t)
	store, bucket := sharedStore(), fmt.Sprintf("bucket-%d", buckets.Add(1))
	store.MakeBucket(t, bucket)
	for key, data := range pictures {
		store.Put(t, bucket, key, data)
	}
	config.Binary, config.Store, config.Bucket, config.Nodes = Binary, store, bucket, count
	return cluster.Start(t, config)
}
