// Command outage measures what users see when S3 fails, and when they ask for
// more than can be served: answers by status while S3 is broken in all ways at
// random, hits while it is cut off, hits and refusals at ten times the load. S3 is
// a real MinIO behind toxiproxy. It prints figures and never fails on them, but
// for pictures that are wrong and hits that fail.
//
//	go run ./internal/bench/outage [-short] [-binary bin/thumbery]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/thumbery/thumbery/internal/bench/program"
	"github.com/thumbery/thumbery/internal/pinned"
)

func main() {
	b := bench{storm: 2 * time.Minute, overload: time.Minute, round: 4 * time.Second, rounds: 5}
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	flag.StringVar(&b.profile, "profile", "", "where to write a CPU profile of the server under overload")
	short := flag.Bool("short", false, "a sixth of the time for each")
	flag.Parse()
	if *short {
		b.storm, b.overload, b.round, b.rounds = b.storm/6, b.overload/6, b.round/2, 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := pinned.Run(ctx, func(t pinned.T) {
		if err := b.run(t); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "outage:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	binary, profile        string
	storm, overload, round time.Duration
	rounds                 int
}

func (b *bench) run(t pinned.T) (err error) {
	if b.binary == "" {
		if b.binary, _, err = program.Build(t.TempDir()); err != nil {
			return err
		}
	}
	s, err := b.start(t)
	if err != nil {
		return err
	}
	before, err := s.usage(t.Context())
	if err != nil {
		return err
	}
	for _, measure := range []func(context.Context, *setup) error{b.measureStorm, b.measureCut, b.measureOverload} {
		if err := measure(t.Context(), s); err != nil {
			return err
		}
	}
	after, err := s.usage(t.Context())
	fmt.Printf("\n# After all of it\n%-10s %s\n%-10s %s\n", "before", before, "after", after)
	return err
}
