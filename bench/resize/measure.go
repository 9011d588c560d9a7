package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
)

// contestant is one thing to measure, with its times of each round.
type contestant struct {
	name    string
	measure func(round int) (millis float64, bytes int64, err error)
	millis  []float64 // CPU time a picture
	bytes   int64     // of one round
}

// measureSets measures every option with every set.
func (b *bench) measureSets(names []string) error {
	round := 0
	for _, name := range names {
		dir, files, err := b.set(name)
		if err != nil {
			return err
		}
		if err := b.measureSet(name, dir, files, &round); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// measureSet starts the servers, which take longer to make their directories
// than to resize a picture, and measures every option.
func (b *bench) measureSet(name, dir string, files []string, round *int) error {
	stop := len(b.cleanup)
	defer func() { b.stop(stop) }()
	services, err := b.services(dir)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s, %d pictures\n%-16s %-16s %8s %8s %-22s %9s\n",
		name, len(files), "", "", "CPU ms", "of bare", "in each round", "KB")
	for _, o := range ops {
		all, err := b.contestants(services, dir, files, o)
		if err == nil {
			err = b.rounded(all, round)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		report(o, len(files), all)
	}
	return nil
}

// rounded goes through all contestants in turn, again and again, so that what
// else the machine does hits all alike.
func (b *bench) rounded(all []*contestant, round *int) error {
	for range b.rounds {
		for _, c := range all {
			*round++
			millis, bytes, err := c.measure(*round)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.millis, c.bytes = append(c.millis, millis), bytes
		}
	}
	return nil
}

func report(o op, pictures int, all []*contestant) {
	name := o.name
	for _, c := range all {
		ratios := make([]float64, len(c.millis))
		for i := range ratios {
			ratios[i] = c.millis[i] / all[0].millis[i]
		}
		fmt.Printf("%-16s %-16s %8.1f %8.2f %-22s %9.1f\n", name, c.name, median(c.millis), median(ratios),
			fmt.Sprintf("%.2f", ratios), float64(c.bytes)/1000/float64(pictures))
		name = ""
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// services starts what is to be measured; the first is our own.
func (b *bench) services(dir string) ([]*service, error) {
	own, err := b.thumbery(dir, "--mezzanine", "0") // its mezzanines have benchmarks of their own
	if err != nil {
		return nil, err
	}
	all := []*service{own}
	if b.peers {
		others, err := b.startPeers(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, others...)
	}
	return all, nil
}

// contestants makes every service ready for an option. The first is the bare
// loop.
func (b *bench) contestants(services []*service, dir string, files []string, o op) ([]*contestant, error) {
	suffix, err := services[0].suffix(files[0], o)
	if err != nil {
		return nil, err
	}
	all := []*contestant{{name: "bare loop", measure: func(int) (float64, int64, error) {
		return b.runBare(dir, files, o, suffix)
	}}}
	for _, s := range services {
		// What a server does only once does not count.
		if _, err := s.load(files[:1], o, 0, 1); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		for _, clients := range b.clients {
			all = append(all, &contestant{
				name:    fmt.Sprintf("%s, c=%d", s.name, clients),
				measure: func(round int) (float64, int64, error) { return s.measure(files, o, round, clients) },
			})
		}
	}
	return all, nil
}

// measure is the CPU time a picture and the bytes of all.
func (s *service) measure(files []string, o op, round, clients int) (millis float64, bytes int64, err error) {
	before, err := program.CPU(s.pid)
	if err != nil {
		return 0, 0, err
	}
	if bytes, err = s.load(files, o, round, clients); err != nil {
		return 0, 0, err
	}
	after, err := program.CPU(s.pid)
	return (after - before).Seconds() * 1000 / float64(len(files)), bytes, err
}

func (b *bench) runBare(dir string, files []string, o op, suffix string) (millis float64, bytes int64, err error) {
	crop := "0"
	if o.height > 0 {
		crop = "1"
	}
	args := []string{strconv.Itoa(runtime.NumCPU()), strconv.Itoa(o.width), strconv.Itoa(o.height), crop, suffix}
	for _, f := range files {
		args = append(args, filepath.Join(dir, f))
	}
	out, err := exec.Command(b.bare, args...).CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, out)
	}
	if _, err := fmt.Fscan(strings.NewReader(string(out)), &millis, &bytes); err != nil {
		return 0, 0, fmt.Errorf("the bare loop said %q", out)
	}
	return millis / float64(len(files)), bytes, nil
}
