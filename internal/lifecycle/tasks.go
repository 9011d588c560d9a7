package lifecycle

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/thumbery/thumbery/internal/panics"
)

// Task is background work of a process.
type Task struct {
	Name string // for the log, and a label of the metric of panics
	// Run works until its context ends, and returns when nothing is running any more.
	Run func(context.Context)
}

// Tasks run side by side.
type Tasks []Task

// Start runs all until ctx ends; one that panics is started again. await waits until all
// have returned or its context ends, and returns the names of those that have not.
func (all Tasks) Start(ctx context.Context) (await func(context.Context) (unfinished []string)) {
	ended := make([]chan struct{}, len(all))
	for i, t := range all {
		ended[i] = make(chan struct{})
		go func() {
			defer close(ended[i])
			panics.Loop(ctx, t.Name, t.Run)
		}()
	}
	return func(ctx context.Context) (unfinished []string) {
		for i, t := range all {
			select {
			case <-ended[i]:
				continue
			case <-ctx.Done():
			}
			select {
			case <-ended[i]: // both, and select has chosen the other
			default:
				unfinished = append(unfinished, t.Name)
			}
		}
		return unfinished
	}
}

// UntilSignal returns a context that is done after SIGTERM or SIGINT. A second
// signal ends the process at once.
func UntilSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}

// OutliveReaders keeps a command running when the reader of its standard output or error
// goes away: what is written there is lost. Go ends a process with SIGPIPE otherwise,
// which is right for "thumbery url … | head". The signal is caught and not ignored, as
// child processes would inherit that.
func OutliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
