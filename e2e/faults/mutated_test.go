package faults

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/hostile"
	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// Damaged files of every format, with all kinds of options: no answer is an internal error,
// other than that of a picture that was too slow, or that its process died of, and nothing
// grows. The long form, which also measures time and memory, is
// "go -C bench run ./hostile -mutated 20000".
func TestMutated(t *testing.T) {
	t.Parallel()
	const seed, mutants = 1, 400
	mutator, err := hostile.NewMutator(os.DirFS(e2e.Testdata(t)), seed)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+dir, "--cache", t.TempDir(), "--jp2", "--pdf")
	attack := hostile.Attack{Client: outage.NewClient(s.URL, 4), Mutator: mutator, Dir: dir, Keep: "../../.tools/mutants", Clients: 4}
	attack.Run(t.Context(), mutants/10) // until everything has been made that stays
	attack.Client.Close()
	before, deaths := usageOf(t, s), deathsOf(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // fewer, on a busy machine
	defer cancel()
	result := attack.Run(ctx, mutants)
	t.Logf("seed %d: %s; the slowest after %v", seed, result, result.Slowest())
	for _, wrong := range result.Wrong() {
		t.Error(wrong)
	}
	for _, crashed := range result.Crashed() {
		t.Log(crashed)
	}
	for _, format := range mutator.Formats() {
		if result.Done(format) == 0 {
			t.Errorf("no %s was tried", format)
		}
	}
	awaitUsage(t, s, before, attack.Client.Close)
	if died := deathsOf(t, s) - deaths; int(died) != len(result.Crashed()) {
		t.Errorf("%v processes crashed, and %d answers say so", died, len(result.Crashed()))
	}
}

// deathsOf is how many child processes crashed, or answered nonsense.
func deathsOf(t *testing.T, s *e2e.Server) float64 {
	t.Helper()
	return s.Metric(t, `thumbery_worker_deaths_total{cause="signal"}`) + s.Metric(t, `thumbery_worker_deaths_total{cause="protocol"}`)
}
