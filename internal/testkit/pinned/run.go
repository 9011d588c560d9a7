package pinned

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
)

// T is the part of testing.TB that servers need, so that programs can start them, too; see
// Run.
type T interface {
	Helper()
	Context() context.Context // ends before what Cleanup was told
	Cleanup(func())           // runs at the end, the last one first
	TempDir() string          // gone at the end
	Failed() bool
	Fatal(args ...any) // ends the test; only from its own goroutine
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// NotShort skips a test in short mode.
func NotShort(t T) {
	if test, is := t.(testing.TB); is && testing.Short() {
		test.Skip("starts a server; not in short mode")
	}
}

// MustBinary is Binary for a test: it is skipped in short mode, and ended by an error. The
// output of a build goes to standard error.
func (tool Tool) MustBinary(t T) string {
	t.Helper()
	NotShort(t)
	binary, err := tool.Binary(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// Run runs f with a T outside of a test: it runs the functions given to Cleanup at the end
// and returns the error given to Fatal. Cancelling ctx cancels the T's Context.
func Run(ctx context.Context, f func(T)) error {
	ctx, cancel := context.WithCancel(ctx)
	r := &run{ctx: ctx}
	defer r.clean()
	defer cancel()
	ended := make(chan any)
	go func() {
		defer func() { ended <- recover() }()
		f(r)
	}()
	switch end := (<-ended).(type) {
	case nil:
	case fatal:
		r.err = end.error
	default:
		r.err = fmt.Errorf("panic: %v", end)
	}
	return r.err
}

// fatal is what Fatal panics with: only a panic ends a goroutine from below and runs its
// deferred calls.
type fatal struct{ error }

type run struct {
	ctx      context.Context
	cleanups []func()
	err      error
}

func (r *run) Helper()                           {}
func (r *run) Context() context.Context          { return r.ctx }
func (r *run) Cleanup(f func())                  { r.cleanups = append(r.cleanups, f) }
func (r *run) Failed() bool                      { return r.err != nil }
func (r *run) Fatal(args ...any)                 { panic(fatal{errors.New(fmt.Sprint(args...))}) }
func (r *run) Fatalf(format string, args ...any) { panic(fatal{fmt.Errorf(format, args...)}) }
func (r *run) Logf(format string, args ...any)   { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (r *run) TempDir() string {
	dir, err := os.MkdirTemp("", "thumbery-run-")
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = os.RemoveAll(dir) }) // it is in a temporary directory
	return dir
}

func (r *run) clean() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}
