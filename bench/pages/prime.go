package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/thumbery/thumbery/bench/program"
)

// twelve is about how many pixels the photograph has that is primed.
const twelve = 12_000_000

// priming is one way to have sizes of a photograph made, and what that has cost.
type priming struct {
	name     string
	options  []string
	onDemand bool // one request after the other, not a job
	server   *server
	cpu      time.Duration
}

// measurePrime compares all sizes with the largest alone, of a photograph as it is
// and as a baseline JPEG.
func (s *setup) measurePrime(ctx context.Context) error {
	one := nearest(s.photos, twelve)
	file := filepath.Join(s.t.TempDir(), "baseline.jpg")
	if err := baseline(one.file, file); err != nil {
		return err
	}
	same, err := inspect(file)
	if err != nil {
		return err
	}
	if err := s.upload([]photo{same}, ""); err != nil {
		return err
	}
	for _, p := range []photo{one, same} {
		if err := s.comparePriming(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// nearest is the progressive photograph whose number of pixels is nearest to n, or
// where there is none any.
func nearest(photos []photo, n int) (best photo) {
	distance := math.Inf(1)
	for _, p := range photos {
		d := math.Abs(float64(p.pixels() - n))
		if !p.progressive {
			d += 1e12
		}
		if d < distance {
			best, distance = p, d
		}
	}
	return best
}

func (s *setup) comparePriming(ctx context.Context, p photo) error {
	fmt.Printf("# Priming %d sizes of a photograph of %.1f megapixels, progressive: %v\n", len(srcset()), float64(p.pixels())/1e6, p.progressive)
	with, err := s.serve("")
	if err != nil {
		return err
	}
	defer with.end()
	without, err := s.serve("", "--mezzanine", "0")
	if err != nil {
		return err
	}
	defer without.end()
	all := srcset()
	ways := []*priming{
		{name: "the largest JPEG alone", options: all[:1], server: without},
		{name: "the largest WebP alone", options: all[len(widths) : len(widths)+1], server: without},
		{name: "all JPEGs", options: all[:len(widths)], server: without},
		{name: "all", options: all, server: without},
		{name: "all, and a mezzanine", options: all, server: with},
		{name: "all, one request after the other", options: all, server: without, onDemand: true},
		{name: "the same, with a mezzanine", options: all, server: with, onDemand: true},
	}
	for round := range s.rounds + 1 { // the first one to warm up
		for i, w := range ways {
			if err := w.make(ctx, keyOf(p), fmt.Sprintf(",v_%d_%d", round, i), round > 0); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
	}
	encoders, err := s.encoders(p)
	if err != nil {
		return err
	}
	s.printPriming(ways, encoders)
	return nil
}

// make has the sizes made of an original that was never seen, and counts.
func (w *priming) make(ctx context.Context, key, version string, counts bool) error {
	options := make([]string, len(w.options))
	for i, o := range w.options {
		options[i] = o + version
	}
	before, err := program.CPU(w.server.PID())
	if err != nil {
		return err
	}
	if w.onDemand {
		err = w.ask(ctx, key, options)
	} else {
		_, err = w.server.prime(ctx, []string{key}, options)
	}
	if err != nil {
		return err
	}
	after, err := w.server.idle(ctx)
	if counts {
		w.cpu += after - before
	}
	return err
}

func (w *priming) ask(ctx context.Context, key string, options []string) error {
	for _, o := range options {
		if _, err := w.server.picture(ctx, "/"+o+"/"+key, ""); err != nil {
			return err
		}
	}
	return nil
}

// printPriming prints what each has cost, and the part of it that no sharing
// saves.
func (s *setup) printPriming(ways []*priming, encoders map[string]float64) {
	fmt.Printf("%-34s %8s %12s %12s %14s\n", "", "CPU ms", "of 1st JPEG", "of 1st WebP", "its encoders")
	largest := [2]float64{ways[0].cpu.Seconds(), ways[1].cpu.Seconds()}
	for _, w := range ways {
		encoding := 0.0
		for _, o := range w.options {
			encoding += encoders[o]
		}
		fmt.Printf("%-34s %8.0f %12.2f %12.2f %14.0f\n", w.name, w.cpu.Seconds()*1000/float64(s.rounds),
			w.cpu.Seconds()/largest[0], w.cpu.Seconds()/largest[1], encoding)
	}
	var each []string
	for _, o := range srcset() {
		each = append(each, fmt.Sprintf("%s %.0f", o, encoders[o]))
	}
	fmt.Printf("encoders alone, ms: %s\n\n", strings.Join(each, "; "))
}
