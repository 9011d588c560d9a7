package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/hostile"
)

// askMutated asks for damaged files, after some that are to have all made that stays.
func (s *setup) askMutated(ctx context.Context) error {
	mutator, err := hostile.NewMutator(os.DirFS("testdata"), s.seed)
	if err != nil {
		return err
	}
	attack := hostile.Attack{Client: s.mix.Client, Mutator: mutator, Dir: s.dir, Keep: ".tools/mutants", Clients: 4}
	first := attack.Run(ctx, s.mutated/20)
	before, err := s.use(ctx)
	if err != nil {
		return err
	}
	began, meter := time.Now(), program.Watch(s.server.PID())
	result := attack.Run(ctx, s.mutated)
	peak := meter.PeakMiB()
	fmt.Printf("seed %d: %s; %v, the slowest %v, at most %.0f MiB\n",
		s.seed, result, time.Since(began).Round(time.Second), result.Slowest().Round(10*time.Millisecond), peak)
	after, err := s.use(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("before: %v\nafter:  %v\n", before, after)
	printList("Took too long", result.Slow())
	printList("Crashed", append(first.Crashed(), result.Crashed()...))
	wrong := append(append(first.Wrong(), result.Wrong()...), after.grown(before)...)
	if slowest := result.Slowest(); slowest > mostAnswer {
		wrong = append(wrong, fmt.Sprintf("an answer after %v", slowest))
	}
	if died := after.crashes(); int(died) != len(first.Crashed())+len(result.Crashed()) {
		wrong = append(wrong, fmt.Sprintf("%.0f processes crashed, which is not what the answers say", died))
	}
	return verdict(wrong)
}
