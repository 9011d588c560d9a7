package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/hostile"
)

const tooLong = "honest misses kept too long"

// faults are what is not as it must be.
func (o *outcome) faults(f hostile.File, b *base) (all []string) {
	for what, is := range map[string]bool{
		"the server died":              o.died,
		"a wrong answer":               !o.right(f),
		"an answer that came too late": o.clients == 1 && o.hostile.Slowest() > mostAnswer,
		"too much memory":              o.peak > mostPeak,
		"honest requests lost":         o.lost() > 0,
		tooLong:                        o.ratio(b) > mostRatio,
		"not quiet after":              o.quiet != "",
		"goroutines that stay":         o.goroutines > b.goroutines+moreGoroutines,
	} {
		if is {
			all = append(all, what)
		}
	}
	return all
}

func (o *outcome) right(f hostile.File) bool {
	for _, status := range o.hostile.Statuses() {
		if !f.Answered(status) {
			return false
		}
	}
	return true
}

func (o *outcome) lost() int { return o.misses.Failed() + o.hits.Failed() }

func (o *outcome) ratio(b *base) float64 {
	return float64(o.misses.At(http.StatusOK, 99)) / float64(b.p99())
}

const columns = "%-20s %-52.52s %2v  %-22s %7s %7s %6s %5s  %s\n"

func printHead() {
	fmt.Printf(columns, "file", "what", "c", "answers", "slowest", "MiB", "p99", "lost", "")
}

func (o *outcome) print(f hostile.File, b *base, faults []string) {
	var answers []string
	for _, status := range o.hostile.Statuses() {
		answers = append(answers, fmt.Sprintf("%d x %d", o.hostile.Count(status), status))
	}
	said := "quiet"
	if o.quiet != "" {
		said = o.quiet
	}
	if o.mezzanines > 0 {
		said += fmt.Sprintf(", mezzanines for %v", o.mezzanines.Round(time.Second))
	}
	if len(faults) > 0 {
		said += "  <- " + strings.Join(faults, ", ")
	}
	fmt.Printf(columns, f.Name, f.Kind, o.clients, strings.Join(answers, ", "), o.hostile.Slowest().Round(10*time.Millisecond),
		fmt.Sprintf("%.0f", o.peak), fmt.Sprintf("%.1fx", o.ratio(b)), fmt.Sprint(o.lost()), said)
}

func printList(title string, all []string) {
	fmt.Printf("\n%s: %d\n", title, len(all))
	for _, one := range all {
		fmt.Println("  ", one)
	}
}
