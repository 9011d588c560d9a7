package e2e

import (
	"cmp"
	"fmt"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/binaries"
	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Nodes starts a cluster of so many nodes, with pictures in a bucket of their own of the
// MinIO that the tests of a package share. config may have more arguments, a network, and
// another program than Binary.
func Nodes(t *testing.T, count int, pictures map[string][]byte, config cluster.Config) *cluster.Cluster {
	t.Helper()
	pinned.NotShort(t)
	store, bucket := sharedStore(), fmt.Sprintf("bucket-%d", buckets.Add(1))
	store.MakeBucket(t, bucket)
	for key, data := range pictures {
		store.Put(t, bucket, key, data)
	}
	config.Binary = cmp.Or(config.Binary, Binary)
	config.Store, config.Bucket, config.Nodes = store, bucket, count
	return cluster.Start(t, config)
}

// Shipped is the program as it is shipped, with its worker: without the race detector, it
// takes a third of the CPU.
func Shipped(t *testing.T) string {
	t.Helper()
	pinned.NotShort(t)
	path, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var shipped = sync.OnceValues(func() (string, error) {
	dir := run.TempDir()
	if _, err := binaries.Worker.Build(dir); err != nil {
		return "", err
	}
	return binaries.Shipped.Build(dir)
})
