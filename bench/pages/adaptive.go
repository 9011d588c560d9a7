package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

const (
	avif = "image/avif"
	// avifBrowser is the Accept header of a browser that supports AVIF.
	avifBrowser = avif + ",image/webp,image/apng,image/*,*/*;q=0.8"
	// avifLimit is how long it may take to come in the background, where it comes.
	avifLimit = 20 * time.Second
)

// firsts are first answers to a browser that takes AVIF, in milliseconds.
type firsts struct {
	name   string
	server *server
	answer []float64 // until there was one
	best   []float64 // until there was one with AVIF
	kinds  map[string]int
}

func (s *setup) measureAdaptive(ctx context.Context) error {
	without, err := s.serve("")
	if err != nil {
		return err
	}
	defer without.end()
	with, err := s.serve("", "--adaptive")
	if err != nil {
		return err
	}
	defer with.end()
	for _, known := range []bool{false, true} {
		ways := []*firsts{{name: "without --adaptive", server: without}, {name: "with it", server: with}}
		if err := s.compareFirsts(ctx, ways, known); err != nil {
			return err
		}
	}
	return nil
}

// compareFirsts asks for each photograph 800 wide, one after the other: of originals
// that were never asked for, or of such whose original and mezzanine are there.
func (s *setup) compareFirsts(ctx context.Context, ways []*firsts, known bool) error {
	version, what := ",v_new/", "original to be fetched"
	if known {
		version, what = ",v_known/", "original and mezzanine there"
	}
	asked := 0
	for _, p := range s.photos {
		if known {
			for _, w := range ways {
				if err := w.acquaint(ctx, "/300x"+version+keyOf(p)); err != nil {
					return err
				}
			}
		}
		isAVIF, err := ask(ctx, ways, "/800x,f_auto"+version+keyOf(p))
		if err != nil {
			return err
		}
		if isAVIF {
			asked++
		}
	}
	fmt.Printf("# f_auto at 800 wide for a browser that takes AVIF, %s: %d photographs of %d, the others are too tall\n", what, asked, len(s.photos))
	printFirsts(ways)
	return nil
}

// acquaint has the original and its mezzanine in the cache.
func (w *firsts) acquaint(ctx context.Context, path string) error {
	if _, err := w.server.picture(ctx, path, ""); err != nil {
		return err
	}
	_, err := w.server.idle(ctx)
	return err
}

// ask asks each server for one picture, the first in front. If that says that it is
// to be AVIF, all are counted.
func ask(ctx context.Context, ways []*firsts, path string) (isAVIF bool, err error) {
	for i, w := range ways {
		primed, err := w.server.counted(ctx, primedTotal)
		if err != nil {
			return false, err
		}
		began := time.Now()
		a, err := w.server.picture(ctx, path, avifBrowser)
		if err != nil {
			return false, err
		}
		if i == 0 && kind(a) != avif {
			return false, nil
		}
		if err := w.await(ctx, a, path, primed, began); err != nil {
			return false, err
		}
	}
	return true, nil
}

// primedTotal counts the derivatives that were made in the background.
const primedTotal = "thumbery_primed_total"

// await records the first answer, and how long it takes until there is AVIF. It watches
// the counter and not the picture, as a request for the picture would make it.
func (w *firsts) await(ctx context.Context, first outage.Answer, path string, primed float64, began time.Time) error {
	if w.kinds == nil {
		w.kinds = map[string]int{}
	}
	w.kinds[kind(first)]++
	w.answer = append(w.answer, first.Took.Seconds()*1000)
	if kind(first) == avif {
		w.best = append(w.best, first.Took.Seconds()*1000)
		return nil
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for now := primed; now == primed; {
		if time.Since(began) > avifLimit {
			return fmt.Errorf("%s: nothing was made in the background in %v", path, avifLimit)
		}
		<-tick.C
		var err error
		if now, err = w.server.counted(ctx, primedTotal); err != nil {
			return err
		}
	}
	w.best = append(w.best, time.Since(began).Seconds()*1000)
	if a, err := w.server.picture(ctx, path, avifBrowser); err != nil || kind(a) != avif {
		return fmt.Errorf("%s is no AVIF in the end, but %q: %w", path, kind(a), err)
	}
	return nil
}

func kind(a outage.Answer) string { return a.Header.Get("Content-Type") }

func printFirsts(ways []*firsts) {
	fmt.Printf("%-20s %14s %8s %14s %8s  %s\n", "", "first, p50 ms", "p90", "AVIF, p50 ms", "p90", "first answers")
	for _, w := range ways {
		var kinds []string
		for kind, n := range w.kinds {
			kinds = append(kinds, fmt.Sprintf("%d %s", n, kind))
		}
		slices.Sort(kinds)
		fmt.Printf("%-20s %14.0f %8.0f %14.0f %8.0f  %s\n", w.name, quantile(w.answer, .5), quantile(w.answer, .9),
			quantile(w.best, .5), quantile(w.best, .9), strings.Join(kinds, ", "))
	}
	fmt.Printf("first answers in %.2f of the time at the median\n\n", quantile(ways[1].answer, .5)/quantile(ways[0].answer, .5))
}

// quantile returns the q-quantile of all, with q from 0 to 1; 0 if there are no values.
func quantile(all []float64, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(all))[min(len(all)-1, int(q*float64(len(all))))]
}
