// Command hostile requests every file of the hostile corpus from a server that reads all
// formats, one at a time and four at a time, beside honest misses and hits. It prints
// answers, time and memory, how the honest requests fared, and whether the server was
// idle two seconds after the clients had left. It fails where one of these is not as it
// must be.
//
// With -mutated it requests damaged files instead, four at a time, and fails on every
// internal error, on answers that come too late, and if something grows.
//
// With -crashes it requests pictures that crash the process that works on them, or do
// what they may not, as one in a hundred of the requests of 16 clients, and prints how
// long honest requests take with and without them, in turns.
//
//	go -C bench run ./hostile [-short] [-only heic] [-binary bin/thumbery]
//	go -C bench run ./hostile -mutated 20000 [-seed 1]
//	go -C bench run ./hostile -crashes 2m [-seed 1]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/hostile"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	b := bench{each: 10 * time.Second}
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	flag.StringVar(&b.only, "only", "", "ask only for files whose name matches this regular expression")
	flag.IntVar(&b.mutated, "mutated", 0, "ask for so many damaged files instead")
	flag.Uint64Var(&b.seed, "seed", 1, "of the damaged files, or of the order of requests")
	flag.DurationVar(&b.crashes, "crashes", 0, "ask for pictures that crash their process instead, for so long, and for as long without them; -binary must be built with -tags failpoints")
	short := flag.Bool("short", false, "a third of the time for each file")
	flag.Parse()
	if *short {
		b.each /= 3
	}
	program.Main("hostile", b.run)
}

// bench is one run.
type bench struct {
	binary, only string
	each         time.Duration // the least that each file is asked for, so many at a time
	mutated      int
	seed         uint64
	crashes      time.Duration
}

func (b *bench) run(t pinned.T) (err error) {
	var tags []string
	if b.crashes > 0 {
		tags = append(tags, "failpoints")
	}
	if b.binary == "" {
		if b.binary, _, err = program.Build(t.TempDir(), tags...); err != nil {
			return err
		}
	}
	s := &setup{bench: b, dir: t.TempDir(), cache: t.TempDir()}
	if err := s.fill(); err != nil {
		return err
	}
	if b.crashes > 0 {
		s.flags = crashFlags()
	}
	if err := s.start(t.Context()); err != nil {
		return err
	}
	t.Cleanup(func() { s.server.Terminate() })
	switch {
	case b.crashes > 0:
		return s.askCrashes(t.Context())
	case b.mutated > 0:
		return s.askMutated(t.Context())
	}
	return s.askCorpus(t.Context())
}

// askCorpus asks for each file of the corpus, and prints a row for each and each
// number of clients.
func (s *setup) askCorpus(ctx context.Context) error {
	var err error
	if s.base, err = s.measureAlone(ctx); err != nil {
		return err
	}
	fmt.Printf("%d CPUs, shared with those who ask\n", runtime.NumCPU())
	fmt.Printf("without any of it: %v\n\n", s.base)
	only, err := regexp.Compile(s.only)
	if err != nil {
		return err
	}
	var wrong []string
	printHead()
	for _, f := range hostile.Corpus(os.DirFS("testdata")) {
		if !only.MatchString(f.Name) {
			continue
		}
		for _, clients := range []int{1, 4} {
			o, err := s.measureAgain(ctx, f, clients)
			if err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
			faults := o.faults(f, s.base)
			o.print(f, s.base, faults)
			if len(faults) > 0 {
				wrong = append(wrong, fmt.Sprintf("%s, %d at a time: %s", f.Name, clients, strings.Join(faults, ", ")))
			}
		}
	}
	return verdict(wrong)
}

// verdict prints what is wrong.
func verdict(wrong []string) error {
	printList("Wrong", wrong)
	if len(wrong) > 0 {
		return errors.New("not all is as it must be")
	}
	return nil
}
