package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/bench/program"
)

// use is what a server that is at rest takes, and what its processes have died of.
type use struct {
	goroutines, descriptors float64
	processes               int     // children, also those that nobody has waited for
	resident                float64 // MiB, of all processes
	deaths                  map[string]float64
}

// causes are those of the metric of deaths.
var causes = []string{"signal", "protocol", "memory", "time"}

// use waits until all child processes are there and have nothing to do, also in the
// background, and connections are closed, and returns what the server uses.
func (s *setup) use(ctx context.Context) (u use, err error) {
	s.mix.Client.Close()
	names := []string{
		"thumbery_resizing", `thumbery_workers{state="busy"}`, `thumbery_workers{state="starting"}`, "go_goroutines", "process_open_fds",
	}
	for _, cause := range causes {
		names = append(names, `thumbery_worker_deaths_total{cause="`+cause+`"}`)
	}
	last := 0.0
	for range 150 {
		wait(ctx, quietAfter)
		values, err := s.admin.Gauges(ctx, names...)
		if err != nil {
			return u, err
		}
		goroutines := values[3] // of jobs that wait for each other, too
		if values[0]+values[1]+values[2] > 0 || goroutines != last {
			last = goroutines
			continue
		}
		u = use{goroutines: goroutines, descriptors: values[4], processes: len(program.Children(s.server.PID())), deaths: map[string]float64{}}
		for i, cause := range causes {
			u.deaths[cause] = values[5+i]
		}
		u.resident, err = program.ResidentMiB(s.server.PID())
		return u, err
	}
	return u, errors.Join(errors.New("the server does not come to rest"), ctx.Err())
}

func (u use) String() string {
	return fmt.Sprintf("%.0f goroutines, %.0f descriptors, %d child processes, %.0f MiB; deaths so far: %v",
		u.goroutines, u.descriptors, u.processes, u.resident, u.deaths)
}

// crashes is how many processes died by a fault of theirs.
func (u use) crashes() float64 { return u.deaths["signal"] + u.deaths["protocol"] }

// How much more may be in use than before: connections and what the Go runtime does, and
// what each child process may keep.
const (
	moreDescriptors = 5
	moreMiB         = 64
)

// grown lists what is more than before.
func (u use) grown(before use) (all []string) {
	for what, grew := range map[string]bool{
		"goroutines":      u.goroutines > before.goroutines+moreGoroutines,
		"descriptors":     u.descriptors > before.descriptors+moreDescriptors,
		"child processes": u.processes != before.processes,
		"memory":          u.resident > before.resident+float64(u.processes)*moreMiB,
	} {
		if grew {
			all = append(all, fmt.Sprintf("%s are more: %v; before: %v", what, u, before))
		}
	}
	return all
}
