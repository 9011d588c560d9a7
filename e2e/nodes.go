package e2e

import (
	"fmt"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Nodes starts a cluster of so many nodes, with pictures in a bucket of their own of the
// MinIO that the tests of a package share. args are more arguments of thumbery serve, as
// in cluster.Config.
func Nodes(t *testing.T, count int, pictures map[string][]byte, args func(n *cluster.Node, all []*cluster.Node) []string) *cluster.Cluster {
	t.Helper()
	pinned.NotShort(t)
	store, bucket := sharedStore(), fmt.Sprintf("bucket-%d", buckets.Add(1))
	store.MakeBucket(t, bucket)
	for key, data := range pictures {
		store.Put(t, bucket, key, data)
	}
	return cluster.Start(t, cluster.Config{Binary: Binary, Store: store, Bucket: bucket, Nodes: count, Args: args})
}
