package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/hostile"
	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// Limits that the server must keep.
const (
	mostAnswer = 21 * time.Second // --resize-timeout, and one second
	mostRatio  = 3                // of the honest misses' p99 to that without
	mostCPU    = 50 * time.Millisecond
	quietAfter = 2 * time.Second
	quietFor   = 500 * time.Millisecond
	// moreGoroutines is how many may come and go by themselves.
	moreGoroutines = 10
)

// mostPeak is the most memory of all processes together, in MiB: what pictures may take,
// and the programs themselves.
var mostPeak = float64(shareMiB*runtime.NumCPU() + 300)

// base holds the measurements without hostile files.
type base struct {
	misses, hits outage.Took
	goroutines   float64
	peak         float64
}

func (b *base) p99() time.Duration { return b.misses.At(http.StatusOK, 99) }

func (b *base) String() string {
	return fmt.Sprintf("misses p99 %v, hits p99 %v, %d lost, %.0f goroutines, at most %.0f MiB",
		b.p99().Round(time.Millisecond), b.hits.At(http.StatusOK, 99).Round(time.Millisecond),
		b.misses.Failed()+b.hits.Failed(), b.goroutines, b.peak)
}

// measureAlone measures honest requests alone, after a first round to warm up.
func (s *setup) measureAlone(ctx context.Context) (*base, error) {
	var warm, b base
	meter := program.Watch(s.server.PID())
	s.offer(ctx, s.each/2, &warm.misses, &warm.hits)
	s.offer(ctx, 2*s.each, &b.misses, &b.hits)
	b.peak = meter.PeakMiB()
	if failed := b.misses.Failed() + b.hits.Failed(); failed > 0 || ctx.Err() != nil {
		return nil, fmt.Errorf("%d honest requests failed without anything hostile: %w", failed, ctx.Err())
	}
	s.mix.Client.Close()
	wait(ctx, quietAfter)
	values, err := s.admin.Gauges(ctx, "go_goroutines")
	if err != nil {
		return nil, err
	}
	b.goroutines = values[0]
	return &b, nil
}

// outcome is the result of the requests for one file, several at a time.
type outcome struct {
	clients      int
	hostile      outage.Took
	misses, hits outage.Took
	peak         float64 // MiB
	died         bool
	quiet        string        // what was not quiet; "" if all was
	mezzanines   time.Duration // how long after the clients these were made
	goroutines   float64
}

// measureAgain is measure, at most three times while nothing is wrong but the time of
// honest misses, as other work on the machine may be the reason: s.base is measured
// anew before each.
func (s *setup) measureAgain(ctx context.Context, f hostile.File, clients int) (*outcome, error) {
	o, err := s.measure(ctx, f, clients)
	for range 2 {
		if err != nil || !slices.Equal(o.faults(f, s.base), []string{tooLong}) {
			break
		}
		if s.base, err = s.measureAlone(ctx); err == nil {
			o, err = s.measure(ctx, f, clients)
		}
	}
	return o, err
}

// measure asks for a file again and again, each time under another name. A single
// client waits for its last answer; several leave when the time is over.
func (s *setup) measure(ctx context.Context, f hostile.File, clients int) (*outcome, error) {
	if err := s.write(f); err != nil {
		return nil, err
	}
	meter := program.Watch(s.server.PID())
	o := &outcome{clients: clients}
	honest, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { s.offer(honest, time.Hour, &o.misses, &o.hits) })
	s.attack(ctx, f, o)
	stop()
	all.Wait()
	s.mix.Client.Close()
	wait(ctx, quietAfter)
	o.peak = meter.PeakMiB()
	var err error
	if o.died, err = s.died(ctx); o.died || err != nil {
		return o, err
	}
	return o, s.look(ctx, o)
}

// write puts the file among the originals, once.
func (s *setup) write(f hostile.File) error {
	file := filepath.Join(s.dir, f.Name)
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	data, err := f.Data()
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

func (s *setup) attack(ctx context.Context, f hostile.File, o *outcome) {
	began := time.Now()
	d := 2 * mostAnswer
	if o.clients > 1 {
		d = s.each
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var all sync.WaitGroup
	for range o.clients {
		all.Go(func() {
			for time.Since(began) < s.each && ctx.Err() == nil {
				a := s.ask(ctx, f.Options, f.Name)
				if a.Err != nil && ctx.Err() == nil {
					return // it died
				}
				if a.Err == nil || o.clients == 1 {
					o.hostile.Add(a)
				}
			}
		})
	}
	all.Wait()
}

// look notes what is still done for the clients that have left, and waits until
// nothing is done at all, as what comes next is not to suffer from it. Mezzanines are
// the server's own work, and may be made meanwhile.
func (s *setup) look(ctx context.Context, o *outcome) error {
	const most = time.Minute
	began := time.Now()
	for ctx.Err() == nil && time.Since(began) < most {
		doing, err := s.doing(ctx)
		if err != nil {
			return err
		}
		o.goroutines = doing.goroutines
		switch {
		case doing.requests > 0:
			o.note(fmt.Sprintf("%.0f resizing or waiting", doing.requests))
		case doing.background > 0:
			o.mezzanines = quietAfter + time.Since(began)
		case doing.cpu > mostCPU:
			o.note(fmt.Sprintf("%v of CPU in %v", doing.cpu, quietFor))
		default:
			return nil
		}
	}
	o.note(fmt.Sprintf("it is not over in %v", most))
	return ctx.Err()
}

// note keeps the first reason why the server was not quiet.
func (o *outcome) note(what string) {
	if o.quiet == "" {
		o.quiet = what
	}
}

// doing is the activity of a server that gets no requests.
type doing struct {
	requests, goroutines float64       // at the end of quietFor
	background           float64       // at its beginning and its end
	cpu                  time.Duration // within it
}

func (s *setup) doing(ctx context.Context) (d doing, err error) {
	names := []string{"thumbery_resizing", "thumbery_queue", "thumbery_background", "go_goroutines"}
	begin, err := s.admin.Gauges(ctx, names...)
	if err != nil {
		return d, err
	}
	before, err := program.CPU(s.server.PID())
	if err != nil {
		return d, err
	}
	wait(ctx, quietFor)
	after, err := program.CPU(s.server.PID())
	if err != nil {
		return d, err
	}
	end, err := s.admin.Gauges(ctx, names...)
	if err != nil {
		return d, err
	}
	return doing{requests: end[0] + end[1] - end[2], goroutines: end[3], background: begin[2] + end[2], cpu: after - before}, nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
