package faults

import (
	"os"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/hostile"
	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// Damaged files of every format, with all kinds of options: no answer is an internal error,
// other than a time-out. The long form is "go -C bench run ./hostile -mutated 20000".
func TestMutated(t *testing.T) {
	t.Parallel()
	const seed, mutants = 1, 800
	mutator, err := hostile.NewMutator(os.DirFS(e2e.Testdata(t)), seed)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+dir, "--cache", t.TempDir())
	attack := hostile.Attack{Client: outage.NewClient(s.URL, 4), Mutator: mutator, Dir: dir, Keep: "../../.tools/mutants", Clients: 4}
	result := attack.Run(t.Context(), mutants)
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
}
