// Package freshness replaces pictures in a bucket behind three nodes, a balancer and
// Varnish, and finds out which clients still see the old ones. Tests and benchmarks
// use it.
package freshness

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7/pkg/notification"

	"github.com/thumbery/thumbery/internal/testkit/balancer"
	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/varnish"
)

// Config says what runs.
type Config struct {
	// Binary is the path of thumbery, with its worker beside it, and Deploy that of deploy.
	Binary, Deploy string
	// Purging is "xkey" or "ban".
	Purging string
	// Balancer is between Varnish and the nodes.
	Balancer balancer.Kind
	// Pictures is how many there are, at most 400, and Replace can be called nine times.
	Pictures int
}

// Stack is a bucket, three nodes, a balancer, and Varnish in front, which keeps what is
// requested a second time for an hour.
type Stack struct {
	Nodes []*cluster.Node

	store    *minio.Server
	front    string // HOST:PORT
	pictures int
	versions []int // of each picture in the bucket
}

const bucket = "pictures"

// Start starts all of it. It ends with the test. The bucket tells the first node of what is
// uploaded, and no other one.
func Start(t pinned.T, c Config) *Stack {
	t.Helper()
	s := &Stack{store: minio.Start(t), pictures: c.Pictures, versions: make([]int, c.Pictures)}
	s.store.MakeBucket(t, bucket)
	for n := range s.pictures {
		s.put(t, n)
	}
	front := varnish.Start(t, varnishConfig(t, c, "127.0.0.1:1")) // nodes need to know where it is
	s.front = front.Address
	const secret = "a-secret-of-some-length"
	nodes := cluster.Start(t, cluster.Config{
		Binary: c.Binary, Store: s.store, Bucket: bucket, Nodes: 3,
		Args: func(_ *cluster.Node, all []*cluster.Node) []string {
			var peers []string
			for _, n := range all {
				peers = append(peers, "http://"+n.Admin)
			}
			return []string{
				"--peers", strings.Join(peers, ","), "--hook-secret", secret, "--tag-header", "xkey", "--purge-url", "http://" + s.front + "/",
				"--hot-after", "1", "--hot-window", "1h", "--hot-header", "Surrogate-Control: max-age=3600", "--mezzanine-over", "10k",
			}
		},
	})
	s.Nodes = nodes.Nodes
	s.notify(t, "http://"+s.Nodes[0].Admin+"/hooks/s3", secret)
	var behind []balancer.Node
	for _, n := range s.Nodes {
		behind = append(behind, balancer.Node{Public: n.Public, Admin: n.Admin})
	}
	middle := c.Balancer.Start(t, balancer.Config{Dir: filepath.Join(c.Deploy, "cluster")}, behind...)
	front.Reload(t, varnishConfig(t, c, middle.Address))
	return s
}

// varnishConfig is deploy/varnish.vcl with one of the files of deploy/purge.
func varnishConfig(t pinned.T, c Config, backend string) varnish.Config {
	host, port, _ := strings.Cut(backend, ":")
	purging, err := filepath.Abs(filepath.Join(c.Deploy, "purge", "varnish-"+c.Purging+".vcl"))
	if err != nil {
		t.Fatal(err)
	}
	return varnish.Config{File: filepath.Join(c.Deploy, "varnish.vcl"), Edit: func(text string) string {
		return pinned.Edit(t, text, "\nvcl 4.1;\n", fmt.Sprintf("\nvcl 4.1;\ninclude %q;\n", purging),
			`.host = "127.0.0.1";`, fmt.Sprintf(".host = %q;", host), `.port = "8080";`, fmt.Sprintf(".port = %q;", port))
	}}
}

// notify has MinIO tell a node of uploads.
func (s *Stack) notify(t pinned.T, url, secret string) {
	t.Helper()
	s.store.Environment = []string{
		"MINIO_NOTIFY_WEBHOOK_ENABLE_THUMBERY=on", "MINIO_NOTIFY_WEBHOOK_ENDPOINT_THUMBERY=" + url, "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_THUMBERY=" + secret,
	}
	s.store.Restart(t)
	told := notification.NewConfig(notification.NewArn("minio", "sqs", "", "THUMBERY", "webhook"))
	told.AddEvents(notification.ObjectCreatedAll)
	var wanted notification.Configuration
	wanted.AddQueue(told)
	until(t, "MinIO knows where its notifications go", func() bool {
		return s.store.Client().SetBucketNotification(t.Context(), bucket, wanted) == nil
	})
}

// put uploads the current version of a picture.
func (s *Stack) put(t pinned.T, n int) {
	t.Helper()
	s.store.Put(t, bucket, outage.Key(n), outage.Picture(number(n, s.versions[n]), 240, 160))
}

const versionsEach = 10

// number is what a version of a picture shows.
func number(n, version int) int { return n*versionsEach + version }
