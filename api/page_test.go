package api

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/pipeline"
)

// The page knows all outcomes that are no errors: it takes others for errors.
func TestPageOutcomes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("ui/page/watch/rates.js")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, list := range regexp.MustCompile(`(?m)^export const (?:hits|misses|outcomes) = \[(.*)\];$`).FindAllStringSubmatch(string(data), -1) {
		for _, word := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(list[1], -1) {
			known = append(known, word[1])
		}
	}
	possible := map[string]bool{"error": true}
	for source := range pipeline.Source(10) {
		for _, r := range []pipeline.Result{{Source: source}, {Source: source, Shared: true}, {Source: source, Location: "/"}} {
			possible[outcomeOf(&r)] = true
		}
	}
	slices.Sort(known)
	if want := slices.Sorted(maps.Keys(possible)); !slices.Equal(known, want) {
		t.Errorf("the page knows %q, and there are %q", known, want)
	}
}
