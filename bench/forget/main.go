// Command forget measures for how long old pictures are seen after new ones were uploaded
// over them: with three nodes, a balancer and Varnish in front, while a node hangs or is
// down. MinIO tells one node. It fails if anybody sees an old picture more than two seconds
// later, or two seconds after a node that was away is back.
//
//	go -C bench run ./forget [-pictures 100] [-later 10000] [-rounds 4] [-binary bin/thumbery]
package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/balancer"
	"github.com/thumbery/thumbery/internal/testkit/freshness"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	var b bench
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	flag.IntVar(&b.pictures, "pictures", 100, "how many pictures are replaced in each round, at most 400")
	flag.IntVar(&b.later, "later", 10000, "how many answers are looked at after each round, of Varnish, and of the nodes")
	flag.IntVar(&b.rounds, "rounds", 4, "how often, at most 9: a node hangs and is down in turn")
	flag.Parse()
	program.Main("forget", b.run)
}

type bench struct {
	binary                  string
	pictures, later, rounds int
}

// limit is the longest that an old picture may be seen.
const limit = 2 * time.Second

func (b *bench) run(t pinned.T) (err error) {
	if b.binary == "" {
		if b.binary, _, err = program.Build(t.TempDir()); err != nil {
			return err
		}
	}
	slow := 0
	for _, purging := range []string{"xkey", "ban"} {
		for _, kind := range balancer.Kinds() {
			if kind.Name == "varnish" {
				continue
			}
			fmt.Printf("\nVarnish (%s) in front of %s in front of three nodes, %d pictures\n", purging, kind.Name, b.pictures)
			n, err := b.measure(t, freshness.Config{Binary: b.binary, Deploy: "deploy", Purging: purging, Balancer: kind, Pictures: b.pictures})
			if err != nil {
				return err
			}
			slow += n
		}
	}
	if slow > 0 {
		return fmt.Errorf("old pictures were seen for more than %v, or later: %d times", limit, slow)
	}
	return nil
}

// measure returns how often an old picture was seen for too long.
func (b *bench) measure(t pinned.T, c freshness.Config) (slow int, err error) {
	s := freshness.Start(t, c)
	node := s.Nodes[2]
	ways := []freshness.Absence{
		{Name: "hangs", Leave: node.Pause, Back: node.Resume},
		{Name: "is down", Leave: func() { err = node.Stop() }, Back: func() { node.Start(t) }},
	}
	for i := range b.rounds {
		away := ways[i%len(ways)]
		s.Warm(t)
		r := s.Replace(t, 2, away)
		if err != nil {
			return 0, err
		}
		fmt.Printf("  a node %s\n", away.Name)
		slow += report("uploaded", r.Uploaded) + report("back", r.Back)
		later := s.Look(t.Context(), b.later, 0, 1, 2)
		report("later", later)
		for _, seen := range later {
			slow += seen.Stale
		}
	}
	return slow, nil
}

// report prints what was seen, and returns how many views showed old pictures for too long.
func report(when string, all []freshness.Seen) (slow int) {
	for _, seen := range all {
		fmt.Printf("    %-8s  %-7s  %6d answers, %d without a picture, %4d old ones, until %.0f ms\n", when, seen.View, seen.Answers, seen.Errors, seen.Stale, seen.Longest.Seconds()*1000)
		if seen.Longest > limit {
			slow++
		}
	}
	return slow
}
