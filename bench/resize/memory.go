package main

import (
	"fmt"

	"github.com/thumbery/thumbery/bench/program"
)

// memoryClients is how many ask at once when memory is measured.
const memoryClients = 16

// measureMemory prints the peak of resident memory of a fresh server after some
// rounds, of the photographs and of progressive pictures of 24 megapixels.
func (b *bench) measureMemory() error {
	fmt.Printf("\npeak of resident memory of all processes together, MiB, c=%d, %d rounds\n", memoryClients, b.rounds)
	for _, set := range []string{"photos", "progressive24"} {
		dir, files, err := b.set(set)
		if err != nil {
			return err
		}
		for _, o := range ops {
			peak, err := b.peak(dir, files, o)
			if err != nil {
				return err
			}
			fmt.Printf("%-16s %-16s %10.0f\n", set, o.name, peak)
		}
	}
	return nil
}

func (b *bench) peak(dir string, files []string, o op) (float64, error) {
	stop := len(b.cleanup)
	defer func() { b.stop(stop) }()
	s, err := b.thumbery(dir)
	if err != nil {
		return 0, err
	}
	meter := program.Watch(s.pid)
	for round := range b.rounds {
		if _, err := s.load(files, o, round, memoryClients); err != nil {
			return 0, err
		}
	}
	return meter.PeakMiB(), nil
}
