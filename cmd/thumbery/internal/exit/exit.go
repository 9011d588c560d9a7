// Package exit has the exit codes of the command, and the errors that lead to them.
package exit

import (
	"context"
	"errors"
	"fmt"
)

// Exit codes.
const (
	done   = 0
	failed = 1
	usage  = 2 // a mistake in the command line, or in what it names
	partly = 3 // done except for some files
)

// codeError is an error that leads to an exit code other than failed.
type codeError struct {
	error
	code int
}

func (e *codeError) Unwrap() error { return e.error }

// Code is the exit code of a command that returned this error.
func Code(err error) int {
	if err == nil {
		return done
	}
	if e, ok := errors.AsType[*codeError](err); ok {
		return e.code
	}
	return failed
}

// Usage marks an error as a mistake in the command line, or in what it names.
func Usage(err error) error { return &codeError{err, usage} }

// IsUsage reports whether an error, or one that it wraps, was marked by Usage.
func IsUsage(err error) bool { return Code(err) == usage }

// Conclusion is the error of a command that can be run again to go on: what it has done,
// as in "copied", is not done again. failed is what it could not do, err what ended it.
// If ctx has ended, the command was stopped.
func Conclusion(ctx context.Context, done string, err, failed error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("stopped; run it again to go on: what has been %s is not %s again", done, done)
	case IsUsage(err):
		return err
	case err != nil:
		return fmt.Errorf("%w; run it again to go on", err)
	case failed != nil:
		return Partly(failed)
	}
	return nil
}

// Partly marks an error that says what could not be done, where the rest was.
func Partly(err error) error { return &codeError{err, partly} }
