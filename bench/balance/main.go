// Command balance computes how evenly balancers distribute pictures over nodes: with the hash
// functions and rules of nginx, HAProxy and Varnish, which its tests compare with the real
// ones, and with caches in front that keep what is hot.
package main

import (
	"flag"
	"fmt"
	"slices"
	"sync"
)

func main() {
	var t traffic
	flag.IntVar(&t.pictures, "pictures", 10_000, "number of pictures")
	flag.Float64Var(&t.zipf, "zipf", 0.9, "the k-th picture is requested as often as 1/k^zipf")
	flag.Float64Var(&t.seconds, "seconds", 60, "time that is measured")
	flag.IntVar(&t.hotAfter, "hot-after", 10, "requests in a minute after which a picture is hot")
	seeds := flag.Int("seeds", 5, "number of rounds, each with other keys")
	flag.Parse()
	for _, c := range []struct {
		nodes int
		rate  float64
	}{{3, 1000}, {30, 1000}, {30, 10_000}} {
		t.rate = c.rate
		t.print(c.nodes, *seeds)
	}
}

// print prints a table for so many nodes: the median of all rounds, and the worst.
func (t traffic) print(nodes, seeds int) {
	fmt.Printf("# %d nodes, %g requests a second, %d pictures, Zipf %g, median and worst of %d rounds\n\n", nodes, t.rate, t.pictures, t.zipf, seeds)
	fmt.Println("| | busiest / mean | worst | reach a node | on several nodes | move when a node goes | comes |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|")
	for _, s := range schemes() {
		all := s.rounds(nodes, t, seeds)
		of := func(what func(outcome) float64) []float64 {
			var values []float64
			for _, o := range all {
				values = append(values, what(o))
			}
			slices.Sort(values)
			return values
		}
		busiest := of(func(o outcome) float64 { return o.busiest })
		median := func(what func(outcome) float64) float64 { return of(what)[seeds/2] }
		fmt.Printf("| %s | %.2f | %.2f | %.2f | %.3f | %.3f | %.3f |\n", s.name, busiest[seeds/2], busiest[seeds-1],
			median(func(o outcome) float64 { return o.reach }), median(func(o outcome) float64 { return o.duplicates }),
			median(func(o outcome) float64 { return o.moved }), median(func(o outcome) float64 { return o.joined }))
	}
	fmt.Println()
}

func (s scheme) rounds(nodes int, t traffic, seeds int) []outcome {
	all := make([]outcome, seeds)
	var wait sync.WaitGroup
	for seed := range all {
		wait.Go(func() { all[seed] = simulate(s, nodes, t, uint64(seed)) })
	}
	wait.Wait()
	return all
}
