package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
)

// memoryClients is how many ask at once when memory is measured.
const memoryClients = 16

// measureMemory prints the peak of resident memory of a fresh server after some
// rounds, of the photographs and of progressive pictures of 24 megapixels.
func (b *bench) measureMemory() error {
	jemalloc := program.Jemalloc()
	if jemalloc == "" {
		fmt.Println("without jemalloc; install it with: apt-get install libjemalloc2")
	}
	fmt.Printf("\npeak of resident memory, MiB, c=%d, %d rounds\n%-16s %-16s %10s %10s\n",
		memoryClients, b.rounds, "", "", "glibc", "jemalloc")
	for _, set := range []string{"photos", "progressive24"} {
		dir, files, err := b.set(set)
		if err != nil {
			return err
		}
		for _, o := range ops {
			row := fmt.Sprintf("%-16s %-16s", set, o.name)
			for _, preload := range []string{"", jemalloc} {
				peak, err := b.peak(dir, files, o, preload)
				if err != nil {
					return err
				}
				row += fmt.Sprintf(" %10.0f", peak)
			}
			fmt.Println(row)
		}
	}
	return nil
}

func (b *bench) peak(dir string, files []string, o op, preload string) (float64, error) {
	stop := len(b.cleanup)
	defer func() { b.stop(stop) }()
	s, err := b.thumbery(dir, "LD_PRELOAD="+preload)
	if err != nil {
		return 0, err
	}
	for round := range b.rounds {
		if _, err := s.load(files, o, round, memoryClients); err != nil {
			return 0, err
		}
	}
	if preload != "" {
		if err := loads(s.pid, "jemalloc"); err != nil {
			return 0, err
		}
	}
	return program.PeakMiB(s.pid)
}

// loads makes sure that a process runs with a library.
func loads(pid int, library string) error {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err == nil && !strings.Contains(string(maps), library) {
		err = fmt.Errorf("process %d runs without %s", pid, library)
	}
	return err
}
