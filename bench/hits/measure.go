package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/bench/program"
)

// measure measures all in turn, several times, and prints medians and ratios to
// the first.
func (b *bench) measure(contestants []*contestant) error {
	for _, c := range contestants {
		if _, err := program.Wrk(1, c.url); err != nil { // to warm up
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range b.rounds {
		for _, c := range contestants {
			before := cpuTime(c.pid)
			result, err := program.Wrk(b.seconds, c.url)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.rates = append(c.rates, result.Rate)
			c.micros = append(c.micros, (cpuTime(c.pid)-before).Seconds()*1e6/result.Requests)
		}
	}
	report(contestants)
	return nil
}

// report prints medians. The ratio is the median of those of each round, in
// which the machine was as busy for all.
func report(contestants []*contestant) {
	fmt.Printf("%-26s %10s %8s %7s  %s\n", "", "hits/s", "of first", "CPU µs", "of first, in each round")
	for _, c := range contestants {
		cpu := ""
		if c.pid != 0 {
			cpu = strconv.FormatFloat(median(c.micros), 'f', 1, 64)
		}
		ratios := make([]float64, len(c.rates))
		for i := range ratios {
			ratios[i] = c.rates[i] / contestants[0].rates[i]
		}
		fmt.Printf("%-26s %10.0f %8.2f %7s  %.2f\n", c.name, median(c.rates), median(ratios), cpu, ratios)
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// cpuTime is the CPU time of a process; 0 where it cannot be known.
func cpuTime(pid int) time.Duration {
	if took, err := program.CPU(pid); err == nil {
		return took
	}
	return 0
}
