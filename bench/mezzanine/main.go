//go:build cgo

// Command mezzanine measures what mezzanines and shared decoding save, with the engine
// alone: CPU milliseconds per photograph, with the contestants taking turns.
//
//	go -C bench run ./mezzanine [-rounds 3] [-side 2048] [table …] [-photos DIR]
//
// The tables are together (several sizes from one decoding against one by one), first
// (what making a mezzanine adds to the first derivative), from (a derivative of the
// mezzanine against one of the original), kept (making and storing a mezzanine), making
// (in high quality and in low) and page (eight small sizes with and without one). The
// default is all of them.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/variant"
	"golang.org/x/sys/unix"
)

func main() {
	var b bench
	flag.IntVar(&b.rounds, "rounds", 3, "how often everything is made; the median counts")
	flag.IntVar(&b.side, "side", resize.DefaultMezzanineSide, "the longest side of a mezzanine")
	flag.Int64Var(&b.over, "over", resize.DefaultMezzanineOver, "only photographs of more than so many pixels")
	dir := flag.String("photos", ".photos", "where the photographs are")
	flag.Parse()
	program.Main("mezzanine", func(pinned.T) error { return b.run(*dir, flag.Args()) })
}

// bench is one run.
type bench struct {
	rounds, side int
	over         int64
	engine       *vips.Engine
	photos       []photo
}

// photo is an original.
type photo struct {
	name   string
	data   []byte
	header header.Header
}

func (b *bench) run(dir string, names []string) (err error) {
	if b.engine, err = vips.New(engine.Config{}); err != nil {
		return err
	}
	if err := b.load(dir); err != nil {
		return err
	}
	if len(names) == 0 {
		names = []string{"together", "first", "from", "kept", "making", "page"}
	}
	tables := map[string]func() error{
		"together": b.together, "first": b.first, "from": b.from, "kept": b.kept, "making": b.making, "page": b.page,
	}
	for _, name := range names {
		table, ok := tables[name]
		if !ok {
			return fmt.Errorf("there is no table %q", name)
		}
		if err := table(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// load reads the photographs that are large enough.
func (b *bench) load(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		h, err := header.Inspect(context.Background(), bytes.NewReader(data), int64(len(data)), header.AllFormats)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if h.Pixels() > b.over {
			b.photos = append(b.photos, photo{filepath.Base(file), data, h})
		}
	}
	if len(b.photos) == 0 {
		return fmt.Errorf("no photographs of more than %d pixels in %s; tools/photos.sh fetches some", b.over, dir)
	}
	return nil
}

func (b *bench) settings() resize.Settings {
	return resize.Settings{MezzanineSide: b.side, MezzanineOver: b.over, Restore: true, CanWrite: b.engine.CanWrite}
}

func (b *bench) plan(h header.Header, ops string) (resize.Plan, error) {
	v, err := variant.Parse(ops)
	if err != nil {
		return resize.Plan{}, err
	}
	return resize.NewPlan(h, v, 0, b.settings())
}

func (b *bench) plans(h header.Header, variants []string) ([]resize.Plan, error) {
	var plans []resize.Plan
	for _, ops := range variants {
		p, err := b.plan(h, ops)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

func (b *bench) resize(p photo, plan resize.Plan) ([]byte, error) {
	return b.engine.Resize(context.Background(), resize.InMemory(p.data), p.header, plan)
}

// all makes all plans of one decoding.
func (b *bench) all(p photo, plans []resize.Plan) (first error) {
	if err := b.engine.ResizeAll(context.Background(), resize.InMemory(p.data), p.header, plans, func(_ int, _ []byte, err error) {
		if first == nil {
			first = err
		}
	}); err != nil {
		return err
	}
	return first
}

// used is the CPU time of the process so far.
func used() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no such error for the process itself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// contest measures contestants in turns, and returns the median milliseconds of
// each.
func (b *bench) contest(contestants ...func() error) ([]float64, error) {
	all := make([][]float64, len(contestants))
	for range b.rounds {
		for i, c := range contestants {
			began := used()
			if err := c(); err != nil {
				return nil, err
			}
			all[i] = append(all[i], (used()-began).Seconds()*1000)
		}
	}
	medians := make([]float64, len(all))
	for i, times := range all {
		medians[i] = median(times)
	}
	return medians, nil
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
