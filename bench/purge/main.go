// Command purge measures thumbery purge against the usual alternative,
// find DIR -type f -atime +30 -delete, on equal trees in the layout of the cache, with a
// third of the files old. It prints the time of both with warm inodes, the ratio, the
// peaks of memory, and how much disk a file takes. It needs 20 KB of disk for each file,
// twice.
//
//	go -C bench run ./purge [-files 100000,1000000]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	sizes := flag.String("files", "100000,1000000", "how many files, each of which is measured")
	dir := flag.String("dir", "", "where to make the files, instead of a temporary directory")
	rounds := flag.Int("rounds", 3, "how often each is measured; they take turns")
	binary := flag.String("thumbery", "", "the program; built if not given")
	flag.Parse()
	program.Main("purge", func(pinned.T) error { return run(*sizes, *dir, *binary, *rounds) })
}

func run(sizes, dir, binary string, rounds int) error {
	dir, err := os.MkdirTemp(dir, "thumbery-bench-purge-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if binary == "" {
		binary = filepath.Join(dir, "thumbery")
		build := exec.Command("go", "build", "-o", binary, "github.com/thumbery/thumbery/cmd/thumbery")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w: %s", err, out)
		}
	}
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			return err
		}
		if err := measure(filepath.Join(dir, size), binary, n, rounds); err != nil {
			return err
		}
	}
	return nil
}

// contender is one way to purge.
type contender struct {
	name    string
	command func(dir string) *exec.Cmd
	dir     string
	took    []time.Duration
	memory  int64 // the most resident memory, bytes
}

func measure(dir, binary string, n, rounds int) error {
	contenders := []*contender{
		{name: "find -delete", dir: dir + "-find", command: func(dir string) *exec.Cmd {
			return exec.Command("find", dir, "-type", "f", "-atime", "+30", "-delete")
		}},
		{name: "thumbery purge", dir: dir + "-thumbery", command: func(dir string) *exec.Cmd {
			return exec.Command(binary, "purge", "--cache", dir, "--older-than", "30d", "--json")
		}},
	}
	trees := []string{contenders[0].dir, contenders[1].dir}
	t := tree{dirs: trees, files: n, now: time.Now()}
	if err := t.fill(); err != nil {
		return err
	}
	printFootprint(trees[0], n)
	for round := range rounds {
		if round > 0 {
			if err := t.refill(); err != nil {
				return err
			}
			slices.Reverse(contenders)
		}
		for _, c := range contenders {
			if err := c.run(t.left()); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(contenders, func(a, b *contender) int { return strings.Compare(a.name, b.name) })
	report(n, contenders)
	for _, d := range trees {
		if err := os.RemoveAll(d); err != nil {
			return err
		}
	}
	return nil
}

// run purges a tree whose inodes are in memory and whose changes are on disk,
// and makes sure that what had to go is gone.
func (c *contender) run(left int) error {
	if _, err := count(c.dir); err != nil {
		return err
	}
	syscall.Sync()
	cmd := c.command(c.dir)
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	c.took = append(c.took, time.Since(began))
	c.memory = max(c.memory, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10)
	if n, err := count(c.dir); err != nil || n != left {
		return fmt.Errorf("%s left %d files instead of %d (%v)", c.name, n, left, err)
	}
	return nil
}

func report(n int, contenders []*contender) {
	best := make([]time.Duration, len(contenders))
	for i, c := range contenders {
		best[i] = slices.Min(c.took)
		fmt.Printf("%8d files, %-14s best %6.2fs of %s, %3d MiB resident\n", n, c.name, best[i].Seconds(), seconds(c.took), c.memory>>20)
	}
	fmt.Printf("%8d files, ratio of the best: %.2f\n", n, best[1].Seconds()/best[0].Seconds())
}

func seconds(ds []time.Duration) string {
	var b strings.Builder
	for _, d := range ds {
		fmt.Fprintf(&b, " %.2f", d.Seconds())
	}
	return b.String()
}
