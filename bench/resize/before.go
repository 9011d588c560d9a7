package main

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/thumbery/thumbery/bench/program"
)

// compare measures the program beside an earlier build of it, b.before: with every picture
// the two take turns, so that what else the machine does hits both alike. Each picture is
// made of its original, and neither keeps mezzanines.
func (b *bench) compare() error {
	fmt.Printf("\nthis build to %s, %d rounds, c=1; the error is that of the mean of the rounds\n", b.before, b.rounds)
	fmt.Printf("%-16s %-10s %9s %9s %16s %12s %12s\n", "", "", "CPU ms", "before", "ratio", "p50 ms", "before")
	for _, c := range []struct {
		set string
		op
	}{
		{"as-baseline", op{"300x300", 300, 300, ""}}, {"photos", op{"300x300", 300, 300, ""}}, {"photos", op{"640x", 640, 0, ""}},
	} {
		if err := b.compareSet(c.set, c.op); err != nil {
			return fmt.Errorf("%s: %w", c.set, err)
		}
	}
	return b.compareMemory()
}

// build is one of two builds that are compared.
type build struct {
	*service
	cpu    []float64 // milliseconds a picture, of each round
	misses []time.Duration
}

// pair starts both builds: this one, and the earlier one.
func (b *bench) pair(dir string, more ...string) (pair [2]*build, err error) {
	for i, binary := range []string{b.binary, b.before} {
		with := *b
		with.binary = binary
		s, err := with.thumbery(dir, more...)
		b.cleanup = with.cleanup
		if err != nil {
			return pair, fmt.Errorf("%s: %w", binary, err)
		}
		pair[i] = &build{service: s}
	}
	return pair, nil
}

func (b *bench) compareSet(set string, o op) error {
	dir, files, err := b.set(set)
	if err != nil {
		return err
	}
	stop := len(b.cleanup)
	defer func() { b.stop(stop) }()
	pair, err := b.pair(dir, "--mezzanine", "0")
	if err != nil {
		return err
	}
	for _, s := range pair { // originals are fetched, and memory is warm
		if _, err := s.load(files, o, 0, 1); err != nil {
			return err
		}
	}
	for round := range b.rounds {
		if err := takeTurns(pair, files, o, round+1); err != nil {
			return err
		}
	}
	reportPair(set, o, pair)
	return nil
}

// takeTurns has both builds make each picture, one after the other.
func takeTurns(pair [2]*build, files []string, o op, round int) error {
	var before [2]time.Duration
	for i, s := range pair {
		var err error
		if before[i], err = program.CPU(s.pid); err != nil {
			return err
		}
	}
	for n, file := range files {
		for i := range pair {
			s := pair[(i+n+round)%len(pair)] // none is always the first
			began := time.Now()
			if _, err := get(http.DefaultClient, s.url(file, o, round)); err != nil {
				return err
			}
			s.misses = append(s.misses, time.Since(began))
		}
	}
	for i, s := range pair {
		after, err := program.CPU(s.pid)
		if err != nil {
			return err
		}
		s.cpu = append(s.cpu, (after-before[i]).Seconds()*1000/float64(len(files)))
	}
	return nil
}

func reportPair(set string, o op, pair [2]*build) {
	now, before := pair[0], pair[1]
	var sum, squares float64
	n := float64(len(now.cpu))
	for i := range now.cpu {
		ratio := now.cpu[i] / before.cpu[i]
		sum, squares = sum+ratio, squares+ratio*ratio
	}
	mean := sum / n
	deviation := math.Sqrt(max(0, squares/n-mean*mean) / max(1, n-1))
	fmt.Printf("%-16s %-10s %9.1f %9.1f %8.3f ± %.3f %12.1f %12.1f\n", set, o.name, median(now.cpu), median(before.cpu), mean, deviation,
		millis(now.misses), millis(before.misses))
}

// millis is the median.
func millis(took []time.Duration) float64 {
	return slices.Sorted(slices.Values(took))[len(took)/2].Seconds() * 1000
}

// compareMemory prints the peak of the proportional set size of all processes of each build.
func (b *bench) compareMemory() error {
	fmt.Printf("\npeak of the memory of all processes together (PSS), MiB, c=%d, %d rounds\n%-16s %-10s %9s %9s\n",
		memoryClients, memoryRounds, "", "", "this", "before")
	for _, set := range []string{"photos", "progressive24"} {
		dir, files, err := b.set(set)
		if err != nil {
			return err
		}
		for _, o := range []op{{"300x300", 300, 300, ""}, {"640x", 640, 0, ""}} {
			peaks, err := b.peaks(dir, files, o)
			if err != nil {
				return err
			}
			fmt.Printf("%-16s %-10s %9.0f %9.0f\n", set, o.name, peaks[0], peaks[1])
		}
	}
	return nil
}

// memoryRounds is how often all pictures are made before the peak is that.
const memoryRounds = 3

func (b *bench) peaks(dir string, files []string, o op) (peaks [2]float64, err error) {
	stop := len(b.cleanup)
	defer func() { b.stop(stop) }()
	pair, err := b.pair(dir)
	if err != nil {
		return peaks, err
	}
	for i, s := range pair {
		meter := program.WatchPSS(s.pid)
		for round := range memoryRounds {
			if _, err := s.load(files, o, round, memoryClients); err != nil {
				return peaks, err
			}
		}
		peaks[i] = meter.PeakMiB()
	}
	return peaks, nil
}
