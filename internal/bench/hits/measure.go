package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/bench/program"
)

// connections is how many clients ask at once.
const connections = 32

// measure measures all in turn, several times, and prints medians and ratios to
// the first.
func (b *bench) measure(contestants []*contestant) error {
	for _, c := range contestants {
		if _, err := b.wrk(c.url, 1); err != nil { // to warm up
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range b.rounds {
		for _, c := range contestants {
			before := cpuTime(c.pid)
			result, err := b.wrk(c.url, b.seconds)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.rates = append(c.rates, result.rate)
			c.micros = append(c.micros, (cpuTime(c.pid)-before).Seconds()*1e6/result.requests)
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

// answered is what wrk says.
type answered struct{ requests, rate float64 }

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkRate     = regexp.MustCompile(`Requests/sec:\s*([\d.]+)`)
)

// wrk asks for url as often as it can for so many seconds. An answer that is not
// a success is an error.
func (b *bench) wrk(url string, seconds int) (answered, error) {
	out, err := exec.Command("wrk", "-t1", "-c"+strconv.Itoa(connections), "-d"+strconv.Itoa(seconds)+"s", url).CombinedOutput()
	if err != nil {
		return answered{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	if strings.Contains(string(out), "Non-2xx") || strings.Contains(string(out), "Socket errors") {
		return answered{}, fmt.Errorf("wrk: %s", out)
	}
	requests, rate := wrkRequests.FindSubmatch(out), wrkRate.FindSubmatch(out)
	if requests == nil || rate == nil {
		return answered{}, fmt.Errorf("wrk said: %s", out)
	}
	var a answered
	if a.requests, err = strconv.ParseFloat(string(requests[1]), 64); err == nil {
		a.rate, err = strconv.ParseFloat(string(rate[1]), 64)
	}
	return a, err
}

// cpuTime is the CPU time of a process; 0 where it cannot be known.
func cpuTime(pid int) time.Duration {
	if took, err := program.CPU(pid); err == nil {
		return took
	}
	return 0
}
