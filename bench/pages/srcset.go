package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// widths are what a page has in its srcset, the largest first.
var widths = []int{1600, 1200, 800, 640, 480, 320}

// formats are what it has them in, by what is behind the width.
var formats = []string{"", ",f_webp"}

// atOnce is how many are asked for at once.
const atOnce = 16

// srcset is options for all sizes of a picture, in the original's format first.
func srcset() (options []string) {
	for _, format := range formats {
		for _, width := range widths {
			options = append(options, fmt.Sprintf("%dx%s", width, format))
		}
	}
	return options
}

// shuffled are the paths of all sizes of all photographs, in an order that is the
// same for every contestant.
func shuffled(photos []photo) (paths []string) {
	for _, p := range photos {
		for _, options := range srcset() {
			paths = append(paths, "/"+options+"/"+keyOf(p))
		}
	}
	random := rand.New(rand.NewPCG(6, 6))
	random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths
}

// page is the cost of all sizes of a set, summed over rounds.
type page struct {
	side        string // of the mezzanine
	took        time.Duration
	cpu         time.Duration
	small, kept float64 // pictures made of mezzanines; mezzanines
	rounds      int
	each        []float64 // CPU seconds
	p50, p99    []float64 // of an answer, in milliseconds
}

func (s *setup) measureSrcset(ctx context.Context) error {
	for _, set := range s.sets {
		paths := shuffled(set.photos)
		fmt.Printf("# %s\n%d derivatives in random order, c=%d, cold cache\n", set, len(paths), atOnce)
		if err := s.comparePages(ctx, paths); err != nil {
			return err
		}
	}
	if s.profile == "" {
		return nil
	}
	sides := list(s.sides)
	return s.profilePages(ctx, shuffled(s.sets[len(s.sets)-1].photos), sides[len(sides)-1])
}

func (s *setup) comparePages(ctx context.Context, paths []string) error {
	var pages []*page
	for _, side := range list(s.sides) {
		pages = append(pages, &page{side: side})
	}
	for range s.rounds {
		for _, p := range pages {
			if err := s.ask(ctx, p, paths); err != nil {
				return fmt.Errorf("--mezzanine %s: %w", p.side, err)
			}
		}
	}
	fmt.Printf("%-12s %8s %7s %7s %7s %9s %9s %7s %6s  %s\n", "--mezzanine", "each/s", "CPU s", "p50 ms", "p99 ms",
		"of mezz.", "mezz.", "each/s", "CPU", "CPU in each round: of the first")
	for _, p := range pages {
		p.print(len(paths), pages[0])
	}
	fmt.Println()
	return nil
}

// ask has a server with a cold cache answer them all, once.
func (s *setup) ask(ctx context.Context, p *page, paths []string) error {
	server, err := s.serve("", "--mezzanine", p.side)
	if err != nil {
		return err
	}
	defer server.end()
	return p.measure(ctx, server, paths)
}

func (p *page) measure(ctx context.Context, s *server, paths []string) error {
	before, err := s.idle(ctx)
	if err != nil {
		return err
	}
	answers, took, err := s.pictures(ctx, paths, atOnce)
	if err != nil {
		return err
	}
	after, err := s.idle(ctx) // with what is made in the background
	if err != nil {
		return err
	}
	small, err := s.counted(ctx, "thumbery_resize_seconds_count", `of="mezzanine"`)
	if err != nil {
		return err
	}
	kept, _, err := s.stock(mezzanines)
	p.rounds++
	p.took += took
	p.cpu += after - before
	p.each = append(p.each, (after - before).Seconds())
	p.small, p.kept = p.small+small, p.kept+float64(kept)
	p.p50, p.p99 = append(p.p50, millis(answers, 50)), append(p.p99, millis(answers, 99))
	return err
}

func (p *page) rate(paths int) float64 { return float64(paths*p.rounds) / p.took.Seconds() }

// print prints a row. Ratios are so that more is better.
func (p *page) print(paths int, first *page) {
	n := float64(p.rounds)
	ratios := make([]float64, len(p.each))
	for i := range ratios {
		ratios[i] = first.each[i] / p.each[i]
	}
	fmt.Printf("%-12s %8.1f %7.1f %7.0f %7.0f %9.0f %9.0f %7.2f %6.2f  %.2f\n", p.side, p.rate(paths), p.cpu.Seconds()/n,
		mean(p.p50), mean(p.p99), p.small/n, p.kept/n, p.rate(paths)/first.rate(paths), first.cpu.Seconds()/p.cpu.Seconds(), ratios)
}

// profilePages has the server write a CPU profile for as long as it answers.
func (s *setup) profilePages(ctx context.Context, paths []string, side string) error {
	server, err := s.serve("", "--mezzanine", side)
	if err != nil {
		return err
	}
	defer server.end()
	var profile outage.Answer
	var writing sync.WaitGroup
	writing.Go(func() { profile = server.admin.get(ctx, "/debug/pprof/profile?seconds=20") })
	_, _, err = server.pictures(ctx, paths, atOnce)
	writing.Wait()
	if err == nil && profile.Status != http.StatusOK {
		err = fmt.Errorf("no profile: %d %w", profile.Status, profile.Err)
	}
	if err != nil {
		return err
	}
	fmt.Printf("CPU profile of the first 20 s: %s\n\n", s.profile)
	return os.WriteFile(s.profile, profile.Body, 0o644)
}

func millis(t *outage.Took, percent float64) float64 {
	return t.At(http.StatusOK, percent).Seconds() * 1000
}

func mean(all []float64) float64 {
	sum := 0.0
	for _, v := range all {
		sum += v
	}
	return sum / float64(max(1, len(all)))
}

// list splits at commas.
func list(text string) []string { return strings.Split(text, ",") }
