package main

import (
	"fmt"
	"math"
	"sync"
)

// row holds the sums over all pictures of one way to make them.
type row struct {
	n                 int
	millis, bytes     float64
	worst, norm, ssim float64
}

func (r *row) add(c cost, d distance) {
	r.n++
	r.millis += c.millis
	r.bytes += c.bytes
	r.worst += d.worst
	r.norm += d.norm
	r.ssim += d.ssim
}

// between is on the line from r, where t is 0, to s, where it is 1.
func (r row) between(s row, t float64) row {
	at := func(a, b float64) float64 { return a + t*(b-a) }
	return row{
		n: r.n, millis: at(r.millis, s.millis), bytes: at(r.bytes, s.bytes),
		worst: at(r.worst, s.worst), norm: at(r.norm, s.norm), ssim: at(r.ssim, s.ssim),
	}
}

const heading = "%-34s %8s %8s %8s %8s %8s\n"

func printHeading(title string) {
	fmt.Println()
	fmt.Printf(heading, title, "CPU ms", "KB", "butter.", "3-norm", "SSIM")
}

// print prints means.
func (r row) print(name string) {
	n := math.Max(1, float64(r.n))
	fmt.Printf("%-34s %8.1f %8.2f %8.3f %8.4f %8.5f\n", name, r.millis/n, r.bytes/n/1000, r.worst/n, r.norm/n, r.ssim/n)
}

// each calls f for every photograph that is at least as wide as asked, two at a
// time, and returns the first error.
func (b *bench) each(width int, f func(picture) error) (first error) {
	var all sync.WaitGroup
	var once sync.Once
	slots := make(chan struct{}, 2)
	for _, p := range b.pictures {
		if p.width < width {
			continue
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := f(p); err != nil {
				once.Do(func() { first = fmt.Errorf("%s: %w", p.name, err) })
			}
		})
	}
	all.Wait()
	return first
}
