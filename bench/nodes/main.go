// Command nodes measures what users see when one of three nodes behind a balancer is killed,
// stopped, cut off, drained or added, and when all are restarted: real nodes in network
// namespaces, a real MinIO, and nginx, HAProxy and Varnish with the files of deploy/cluster
// as they are. It prints figures and fails on wrong pictures only. It needs root.
//
//	go -C bench run ./nodes [-balancers nginx,haproxy,varnish] [-pictures 300] [-rate 100] [-binary bin/thumbery]
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/balancer"
	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// bench is one run.
type bench struct {
	binary, balancers string
	pictures          int
	rate              float64
	lasts             time.Duration
	shared            bool
	prefix            string // in the bucket, of the balancer that is measured
}

const sharedBucket = "derivatives"

const clients = 16

func main() {
	var b bench
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	flag.StringVar(&b.balancers, "balancers", "nginx,haproxy,varnish", "which balancers")
	flag.IntVar(&b.pictures, "pictures", 300, "how many pictures, in four sizes each")
	flag.Float64Var(&b.rate, "rate", 100, "requests a second meanwhile")
	flag.DurationVar(&b.lasts, "lasts", 10*time.Second, "for how long a node is stopped or cut off")
	flag.BoolVar(&b.shared, "shared", false, "nodes share derivatives in a bucket")
	flag.Parse()
	program.Main("nodes", b.run)
}

func (b *bench) run(t pinned.T) (err error) {
	if b.binary == "" {
		if b.binary, _, err = program.Build(t.TempDir()); err != nil {
			return err
		}
	}
	store := minio.Start(t)
	outage.Fill(t, store, b.pictures, outage.Width, outage.Height)
	fmt.Printf("%d CPUs, shared by nodes, balancer, S3 and those who ask; %d pictures, %v requests a second\n", runtime.NumCPU(), b.pictures, b.rate)
	store.MakeBucket(t, sharedBucket)
	for name := range strings.SplitSeq(b.balancers, ",") {
		// Each with nodes of its own, which end before the next ones start.
		if err := pinned.Run(t.Context(), func(t pinned.T) { b.measure(t, store, balancer.Named(name)) }); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) args(n *cluster.Node, _ []*cluster.Node) []string {
	args := []string{"--drain", "5s"}
	if b.shared {
		// These pictures are made in some milliseconds, and not kept otherwise. Each
		// balancer's cluster has a prefix of its own.
		args = append(args, "--shared-min-cost", "0", "--shared", "s3://"+sharedBucket+"/"+b.prefix+"?endpoint="+n.Endpoint())
	}
	return args
}

// setup is a cluster behind a balancer.
type setup struct {
	*bench
	cluster  *cluster.Cluster
	balancer *balancer.Balancer
	home     *balancer.Tour // where the pictures are while all is well
	victim   int            // the node that has most of them
	out      *tabwriter.Writer
}

func (b *bench) measure(t pinned.T, store *minio.Server, kind balancer.Kind) {
	network, err := cluster.NewNetwork(t)
	if err != nil {
		t.Fatal(err)
	}
	b.prefix = kind.Name
	s := &setup{bench: b, out: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	s.cluster = cluster.Start(t, cluster.Config{
		Binary: b.binary, Store: store, Bucket: outage.Bucket, Nodes: 3, Network: network,
		Args: b.args,
	})
	var nodes []balancer.Node
	for _, n := range s.cluster.Nodes {
		nodes = append(nodes, balancer.Node{Public: n.Public, Admin: n.Admin})
	}
	s.balancer = kind.Start(t, balancer.Config{Dir: "deploy/cluster"}, nodes...)
	fmt.Printf("\n# %s\n", kind.Name)
	s.once(t)
	fmt.Fprintln(s.out, "\tanswers\tfailed\tsent after\tover 1 s\tslowest\tpictures moved\tof other nodes\tfetched\thits afterwards")
	for _, e := range s.events() {
		s.event(t, e)
	}
	_ = s.out.Flush() // as good as standard output is
	s.twice()
}
