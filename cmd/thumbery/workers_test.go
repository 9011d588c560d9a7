package main

import (
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize/sandbox"
	"github.com/thumbery/thumbery/variant"
)

// What the Pool says of itself reaches /readyz, the metrics and the log.
func TestWorkersState(t *testing.T) {
	t.Parallel()
	s := sandbox.State{
		Workers: 2, Alive: 2, Idle: 1, Deaths: map[sandbox.Cause]int64{sandbox.Signal: 3, sandbox.Time: 0},
		Walls: []sandbox.Wall{{Name: "seccomp"}, {Name: "landlock", Missing: "the kernel has none"}, {Name: "cgroup", Missing: "a container", Optional: true}},
	}
	state := func() sandbox.State { return s }
	check := checkWorkers(state)
	if err := check.Do(t.Context()); err != nil || !check.Degrades {
		t.Errorf("%v, degrades: %t", err, check.Degrades)
	}
	s.Degraded, s.Trouble = true, "signal: segmentation fault"
	if err := check.Do(t.Context()); err == nil || !strings.Contains(err.Error(), s.Trouble) {
		t.Errorf("in a crash loop: %v", err)
	}
	w := watchWorkers(state)()
	if w.Idle != 1 || w.Busy != 1 || w.Starting != 1 || !maps.Equal(w.Deaths, map[string]int64{"signal": 3, "time": 0}) ||
		!maps.Equal(w.Missing, map[string]bool{"seccomp": false, "landlock": true, "cgroup": true}) {
		t.Errorf("%+v", w)
	}
	var text strings.Builder
	log := slog.New(slog.NewTextHandler(&text, nil))
	logMissing(s, false, log)
	logMissing(s, true, log)
	death := sandbox.Death{Cause: sandbox.Memory, Format: variant.HEIC, Size: 7, Detail: "no more"}
	deathLog{log}.Died(originals.WithKey(t.Context(), "photos/cat.heic"), death)
	deathLog{log}.Died(t.Context(), sandbox.Death{Cause: sandbox.Signal, Detail: "killed"})
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	for i, want := range []string{
		`level=WARN msg="child processes work without a part of their sandbox; see --sandbox" wall=landlock cause="the kernel has none"`,
		`level=INFO msg="child processes work without a part of their sandbox; see --sandbox" wall=cgroup cause="a container"`,
		`level=WARN msg="a child process that makes pictures died" cause=memory detail="no more" key=photos/cat.heic format=heic bytes=7`,
		`level=WARN msg="a child process that makes pictures died" cause=signal detail=killed`,
	} {
		if i >= len(lines) || !strings.HasSuffix(lines[i], want) {
			t.Errorf("line %d of the log is not %s:\n%s", i, want, text.String())
		}
	}
}
