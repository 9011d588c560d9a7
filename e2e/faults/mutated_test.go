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

const (
	mutants     = 4000
	mutantsTime = time.Minute
)

// Damaged files of every format that is read, whatever is asked of them: no answer is
// a failure of the server's, but where it took too long. How many are tried in the
// time depends on the machine; "go run ./internal/bench/hostile -mutated 20000" is
// the long form.
func TestMutated(t *testing.T) {
	const seed = 1
	mutator, err := hostile.NewMutator(os.DirFS(e2e.Testdata(t)), seed)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	keep, err := os.MkdirTemp("", "thumbery-mutated-")
	if err != nil {
		t.Fatal(err)
	}
	s := e2e.Serve(t, "--source", "/=file:"+dir, "--cache", t.TempDir())
	attack := hostile.Attack{Client: outage.NewClient(s.URL, 4), Mutator: mutator, Dir: dir, Keep: keep, Clients: 4}
	ctx, cancel := context.WithTimeout(t.Context(), mutantsTime)
	defer cancel()
	result := attack.Run(ctx, mutants)
	attack.Client.Close()
	t.Logf("seed %d: %s", seed, result)
	for _, wrong := range result.Wrong() {
		t.Error(wrong)
	}
	for _, format := range mutator.Formats() {
		if result.Done(format) == 0 {
			t.Errorf("no %s was tried", format)
		}
	}
	_ = os.Remove(keep) // if nothing is in it
}
