// Command outage measures what users see when S3 fails and when there are more requests
// than can be served: answers by status while S3 fails in random ways, hits while it is
// unreachable, hits and refusals at ten times the load. S3 is a real MinIO behind
// toxiproxy. It prints figures and only fails on wrong pictures and on hits that fail.
//
//	go -C bench run ./outage [-measure storm,cut,overload] [-short] [-binary bin/thumbery]
package main

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	b := bench{storm: 2 * time.Minute, overload: time.Minute, round: time.Second, rounds: 20}
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	flag.StringVar(&b.profile, "profile", "", "where to write a CPU profile of the server under overload")
	flag.StringVar(&b.measure, "measure", "storm,cut,overload", "what to measure, of storm, cut and overload")
	short := flag.Bool("short", false, "a sixth of the time for each")
	flag.Parse()
	if *short {
		b.storm, b.overload, b.rounds = b.storm/6, b.overload/6, 4
	}
	program.Main("outage", b.run)
}

// bench is one run.
type bench struct {
	binary, profile        string
	measure                string
	storm, overload, round time.Duration
	rounds                 int
}

func (b *bench) run(t pinned.T) (err error) {
	if b.binary == "" {
		if b.binary, _, err = program.Build(t.TempDir()); err != nil {
			return err
		}
	}
	fmt.Printf("%d CPUs, shared with S3 and those who ask\n\n", runtime.NumCPU())
	s, err := b.start(t)
	if err != nil {
		return err
	}
	before, err := s.usage(t.Context())
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(b.measure, ",") {
		switch name {
		case "storm":
			err = b.measureStorm(t.Context(), s)
		case "cut":
			err = b.measureCut(t.Context(), s)
		case "overload":
			err = b.measureOverload(t.Context(), s)
		default:
			err = fmt.Errorf("there is no %q to measure", name)
		}
		if err != nil {
			return err
		}
	}
	after, err := s.usage(t.Context())
	fmt.Printf("# After all of it\nbefore: %s\nafter:  %s\n", before, after)
	return err
}
