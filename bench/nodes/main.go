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
}

const clients = 16

func main() {
	var b bench
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	flag.StringVar(&b.balancers, "balancers", "nginx,haproxy,varnish", "which balancers")
	flag.IntVar(&b.pictures, "pictures", 300, "how many pictures, in four sizes each")
	flag.Float64Var(&b.rate, "rate", 100, "requests a second meanwhile")
	flag.DurationVar(&b.lasts, "lasts", 10*time.Second, "for how long a node is stopped or cut off")
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
	for name := range strings.SplitSeq(b.balancers, ",") {
		// Each with nodes of its own, which end before the next ones start.
		if err := pinned.Run(t.Context(), func(t pinned.T) { b.measure(t, store, balancer.Named(name)) }); err != nil {
			return err
		}
	}
	return nil
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
	s := &setup{bench: b, out: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	s.cluster = cluster.Start(t, cluster.Config{
		Binary: b.binary, Store: store, Bucket: outage.Bucket, Nodes: 3, Network: network,
		Args: func(*cluster.Node, []*cluster.Node) []string { return []string{"--drain", "5s"} },
	})
	var nodes []balancer.Node
	for _, n := range s.cluster.Nodes {
		nodes = append(nodes, balancer.Node{Public: n.Public, Admin: n.Admin})
	}
	s.balancer = kind.Start(t, balancer.Config{Dir: "deploy/cluster"}, nodes...)
	fmt.Printf("\n# %s\n", kind.Name)
	s.once(t)
	fmt.Fprintln(s.out, "\tanswers\tfailed\tsent after\tover 1 s\tslowest\tpictures moved\tof other nodes\thits afterwards")
	for _, e := range s.events() {
		s.event(t, e)
	}
	_ = s.out.Flush() // as good as standard output is
	s.twice()
}
