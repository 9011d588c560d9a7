// Command hits measures hits per second with wrk: nginx serving a file, nginx with
// X-Accel-Redirect from Thumbery, and Thumbery serving the file itself. It prints ratios
// of one run and never fails on time.
//
//	go -C bench run ./hits [-rounds 5] [-seconds 3]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	var b bench
	flag.IntVar(&b.rounds, "rounds", 5, "how often each is measured, in turn")
	flag.IntVar(&b.seconds, "seconds", 3, "how long each is measured a round")
	flag.IntVar(&b.workers, "workers", 0, "nginx's worker processes; 0 is one for each CPU")
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	bare := flag.String("bare", "", "be the server to compare with, at this Unix socket")
	flag.StringVar(&b.cache, "cache", "", "the cache directory for --bare")
	flag.Parse()
	program.Main("hits", func(pinned.T) error {
		if *bare != "" {
			return serveBare(*bare, b.cache)
		}
		return b.run()
	})
}

// bench is one run.
type bench struct {
	rounds, seconds, workers int
	binary                   string

	dir     string // everything temporary
	cache   string
	cleanup []func() error
}

func (b *bench) run() (err error) {
	if !program.HasWrk() {
		fmt.Println("hits: skipped, there is no wrk; install it with: apt-get install wrk")
		return nil
	}
	if b.dir, err = os.MkdirTemp("", "thumbery-hits-"); err != nil {
		return err
	}
	defer func() {
		for i := len(b.cleanup) - 1; i >= 0; i-- {
			err = errors.Join(err, b.cleanup[i]())
		}
		err = errors.Join(err, os.RemoveAll(b.dir))
	}()
	b.cache = filepath.Join(b.dir, "cache")
	if err := b.build(); err != nil {
		return err
	}
	contestants, err := b.start()
	if err != nil {
		return err
	}
	return b.measure(contestants)
}

// build builds the program as make build does.
func (b *bench) build() (err error) {
	if b.binary == "" {
		b.binary, _, err = program.Build(b.dir)
	}
	return err
}
