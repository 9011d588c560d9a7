// Package panics lets a panic cost one piece of work and not the process. What
// handles input from outside, and every goroutine that goes on beside the requests,
// runs its work through it: a panic becomes an error, is logged with its stack, and
// counted. A panic in a goroutine that a library has started cannot be recovered.
package panics

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"sync"
	"time"
)

// Error is the error of work that panicked.
type Error struct {
	Value any    // what it panicked with
	Stack []byte // where, as runtime/debug.Stack gives it
}

// Error leaves the stack out: it is in the log.
func (e *Error) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if the work panicked with an error.
func (e *Error) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

var (
	mu     sync.Mutex
	counts = map[string]uint64{}
)

// Counts returns how many panics were recovered, by where.
func Counts() map[string]uint64 {
	mu.Lock()
	defer mu.Unlock()
	return maps.Clone(counts)
}

// Recovered makes an error of value, which recover has returned in the deferred
// function that calls it. The panic is counted under where, which is one of a few
// names, and logged by slog.Default with attrs.
func Recovered(where string, value any, attrs ...any) *Error {
	e := &Error{Value: value, Stack: debug.Stack()}
	mu.Lock()
	counts[where]++
	mu.Unlock()
	slog.Error("recovered from a panic", append([]any{"where", where, "cause", e, "stack", string(e.Stack)}, attrs...)...)
	return e
}

// Try returns the error of work, or an *Error where it panics; see Recovered.
func Try(where string, work func() error, attrs ...any) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = Recovered(where, value, attrs...)
		}
	}()
	return work()
}

// pause is between a panic and the next run of a Loop, so that it does not spin.
const pause = time.Second

// Loop calls run until it returns, again a second after each panic, and not after
// ctx is done.
func Loop(ctx context.Context, where string, run func(context.Context)) {
	for Try(where, func() error { run(ctx); return nil }) != nil {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}
