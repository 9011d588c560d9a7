// Command pages measures what pages cost that show their pictures in many sizes, with
// real photographs, a real MinIO behind toxiproxy and a real nginx. It prints figures of
// one run, with the contestants taking turns, and never fails on them.
//
//		go -C bench run ./pages [-measure srcset,prime,live,zipf,disk,adaptive] [-short] [-binary bin/thumbery]
//
//	  - srcset: each photograph in six widths as JPEG and WebP, with and without mezzanines
//	  - prime: twelve sizes of a photograph by POST /prime, against the largest one alone
//	  - live: how long requests take during POST /prime
//	  - zipf: requests through nginx's cache, which holds only hot pictures or all
//	  - disk: bytes per picture in each tier
//	  - adaptive: the first answer when an AVIF is made in the background
package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	b := bench{}
	short := flag.Bool("short", false, "few pictures and one round: to see that it works")
	flag.StringVar(&b.measure, "measure", "srcset,prime,live,zipf,disk,adaptive", "what to measure")
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	flag.StringVar(&b.dir, "dir", ".tools/bench/pages", "where to keep the photographs that are made")
	flag.StringVar(&b.kinds, "sets", "all,large,baseline", "the sets for srcset and disk: all photographs, those from 8 megapixels on, and these as baseline JPEGs")
	flag.StringVar(&b.sides, "sides", "0,2048", "the --mezzanine that srcset compares; the first is what ratios are to")
	flag.StringVar(&b.profile, "profile", "", "where to write a CPU profile of the server, of one more run of srcset with the last of -sides")
	flag.StringVar(&b.after, "hot-after", "3,10,30", "the --hot-after that zipf compares")
	flag.IntVar(&b.pictures, "pictures", 100, "how many photographs a set is made of")
	flag.IntVar(&b.rounds, "rounds", 3, "how often each contestant has its turn")
	flag.DurationVar(&b.turn, "turn", 10*time.Second, "how long a turn of live is")
	flag.IntVar(&b.requests, "requests", 120_000, "how many requests zipf makes for each contestant")
	flag.IntVar(&b.rate, "rate", 1000, "how many of them a second")
	flag.Parse()
	if *short {
		b.pictures, b.rounds, b.turn, b.requests = 10, 1, 5*time.Second, 20_000
	}
	program.Main("pages", b.run)
}

// bench is one run.
type bench struct {
	measure, binary, dir         string
	kinds, sides, after, profile string
	pictures, rounds             int
	requests, rate               int
	turn                         time.Duration
}

func (b *bench) run(t pinned.T) (err error) {
	if b.binary == "" {
		if b.binary, _, err = program.Build(t.TempDir()); err != nil {
			return err
		}
	}
	fmt.Printf("%d CPUs, shared with S3 and those who ask; %v to S3\n\n", runtime.NumCPU(), latency)
	s, err := b.start(t)
	if err != nil {
		return err
	}
	measures := map[string]func(context.Context) error{
		"srcset": s.measureSrcset, "prime": s.measurePrime, "live": s.measureLive,
		"zipf": s.measureZipf, "disk": s.measureDisk, "adaptive": s.measureAdaptive,
	}
	for name := range strings.SplitSeq(b.measure, ",") {
		measure, ok := measures[name]
		if !ok {
			return fmt.Errorf("there is no %q to measure", name)
		}
		if err := measure(t.Context()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
