// Command resize measures what a resized picture costs: the CPU time of thumbery serve,
// over HTTP, with a cold cache, beside a bare loop of vips_thumbnail_buffer and the
// encoder with the same libvips, pictures and options, in the same run. It prints ratios
// of CPU time and never fails on them. -peers adds other services; -memory measures the
// peak of resident memory instead. -before compares with an earlier build: CPU time, p50 of
// a miss, and the peak of memory.
//
//	go -C bench run ./resize [-set photos] [-c 2,16] [-rounds 3] [-peers] [-memory]
//	go -C bench run ./resize -before PATH [-rounds 20]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	var b bench
	flag.IntVar(&b.rounds, "rounds", 3, "how often each is measured, in turn")
	flag.StringVar(&b.binary, "binary", "", "the thumbery to measure; built if empty")
	flag.StringVar(&b.dir, "dir", ".tools/bench/resize", "where to keep the sets of pictures")
	flag.StringVar(&b.engine, "engine", "", "what to give to thumbery's --engine")
	flag.BoolVar(&b.quick, "quick", false, "one round with five pictures of each set")
	flag.BoolVar(&b.peers, "peers", false, "measure sharp, too, and those of -peer; npm installs it")
	flag.StringVar(&b.before, "before", "", "compare with this earlier build of thumbery instead")
	flag.BoolVar(&b.memory, "memory", false, "measure the peak of memory instead of CPU time")
	flag.Func("peer", "NAME,PID,URL of a running service to measure, too, with {path}, {w} and {h} in its URL; repeatable", b.addPeer)
	sets := flag.String("set", strings.Join(setNames, ","), "the sets of pictures")
	clients := flag.String("c", "", "how many ask at once; 2,16, and 4 with -peers")
	flag.Parse()
	program.Main("resize", func(pinned.T) error { return b.run(*sets, *clients) })
}

// bench is one run.
type bench struct {
	rounds               int
	binary, dir, engine  string
	before               string
	quick, peers, memory bool
	clients              []int
	given                []peer

	temp    string // everything that goes when the run ends
	bare    string // c/bare.c, compiled
	vipsDir string // where the libvips is that binary uses; empty for the system's
	cleanup []func() error
}

func (b *bench) run(sets, clients string) (err error) {
	for _, tool := range []string{"cc", "pkg-config", "jpegtran", "vips"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Println("resize: skipped, there is no " + tool +
				"; install them with: apt-get install gcc pkg-config libjpeg-turbo-progs libvips-tools libvips-dev")
			return nil
		}
	}
	if b.clients, err = numbers(clients, b.peers); err != nil {
		return err
	}
	if b.temp, err = os.MkdirTemp("", "thumbery-resize-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.prepare(); err != nil {
		return err
	}
	if b.before != "" {
		return b.compare()
	}
	if b.memory {
		return b.measureMemory()
	}
	return b.measureSets(strings.Split(sets, ","))
}

func numbers(clients string, peers bool) (all []int, err error) {
	switch {
	case clients == "" && peers:
		clients = "4"
	case clients == "":
		clients = "2,16"
	}
	for _, s := range strings.Split(clients, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-c: %q is not a number of clients", s)
		}
		all = append(all, n)
	}
	return all, nil
}

func (b *bench) prepare() (err error) {
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	if b.quick {
		b.rounds = 1
	}
	if err := b.build(); err != nil {
		return err
	}
	if err := b.compileBare(); err != nil {
		return err
	}
	version, err := exec.Command(b.binary, "version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s version: %w: %s", b.binary, err, version)
	}
	fmt.Printf("%d CPUs, CPU milliseconds a picture; libvips of both: %s\n%s", runtime.NumCPU(), b.libvips(), version)
	return nil
}

func (b *bench) close() (err error) {
	b.stop(0)
	return os.RemoveAll(b.temp)
}

// stop ends the servers started since there were so many.
func (b *bench) stop(from int) {
	for i := len(b.cleanup) - 1; i >= from; i-- {
		if err := b.cleanup[i](); err != nil {
			fmt.Fprintln(os.Stderr, "resize:", err)
		}
	}
	b.cleanup = b.cleanup[:from]
}
