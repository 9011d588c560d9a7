package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/metrics"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/sandbox"
)

// startWorkers starts the workers, and returns before they are ready. The error is that there is
// no program to start, or less memory than they need. The caller closes the Pool.
func startWorkers(f *settings.WorkerFlags, c engine.Config, log *slog.Logger) (*sandbox.Pool, error) {
	config, err := workerConfig(f, c, log)
	if err != nil {
		return nil, err
	}
	return sandbox.New(config)
}

func workerConfig(f *settings.WorkerFlags, c engine.Config, log *slog.Logger) (sandbox.Config, error) {
	memory, err := f.WorkerMemory()
	if err != nil {
		return sandbox.Config{}, err
	}
	program, err := sandbox.FindWorker()
	return sandbox.Config{
		Worker: program, Build: version, Workers: f.WorkerCount(), Pictures: f.WorkerPictures, Memory: memory,
		Engine: c, Require: f.Sandbox == "require", Died: deathLog{log}.Died, Log: log,
	}, err
}

// describeWorker starts one worker, to find out what it can do, and which parts of the sandbox
// there are none of.
func describeWorker(ctx context.Context, f *settings.WorkerFlags, c engine.Config) (engine.Capabilities, []sandbox.Wall, error) {
	config, err := workerConfig(f, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return engine.Capabilities{}, nil, err
	}
	config.Require = false
	return sandbox.Describe(ctx, config)
}

// deathLog logs what child processes died of.
type deathLog struct{ *slog.Logger }

// Died is sandbox.Config.Died.
func (l deathLog) Died(ctx context.Context, d sandbox.Death) {
	of := []any{"cause", d.Cause, "detail", d.Detail}
	if d.Format > 0 {
		of = append(of, "key", originals.KeyOf(ctx), "format", d.Format, "bytes", d.Size)
	}
	l.Warn("a child process that makes pictures died", of...)
}

// logMissing logs each part of the sandbox that there is none of here: of those that only back
// up others, or warns of the others.
func logMissing(s sandbox.State, optional bool, log *slog.Logger) {
	level := slog.LevelWarn
	if optional {
		level = slog.LevelInfo
	}
	for _, wall := range s.Missing() {
		if wall.Optional != optional {
			continue
		}
		log.Log(context.Background(), level, "child processes work without a part of their sandbox; see --sandbox", "wall", wall.Name, "cause", wall.Missing)
	}
}

// checkWorkers is the check of /readyz that pictures can be made.
func checkWorkers(state func() sandbox.State) admin.Check {
	return admin.Check{Name: "workers", Degrades: true, Do: func(context.Context) error {
		if s := state(); s.Degraded {
			return errors.New("child processes that make pictures keep dying, or cannot be started: " + s.Trouble)
		}
		return nil
	}}
}

// watchWorkers returns the state of the workers for the metrics.
func watchWorkers(state func() sandbox.State) func() metrics.Workers {
	return func() metrics.Workers {
		s := state()
		w := metrics.Workers{
			Idle: s.Idle, Busy: s.Alive - s.Idle, Starting: max(0, s.Workers+1-s.Alive), // one is a spare
			Deaths: map[string]int64{}, Missing: map[string]bool{},
		}
		for cause, n := range s.Deaths {
			w.Deaths[string(cause)] = n
		}
		for _, wall := range s.Walls {
			w.Missing[wall.Name] = wall.Missing != ""
		}
		return w
	}
}
