package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
)

// The errors of an Origin, each with the class of package failure that its name says.
// Anything else that an Origin returns counts as ErrUnavailable, except the error of a
// context.
var (
	// ErrNotFound means that the backend works and has no such object. It is never
	// returned for a backend that could not answer.
	ErrNotFound = failure.New(failure.NotFound, "no such object")
	// ErrUnavailable means that the backend could not be reached, or gave no usable
	// response: network, timeout, credentials, a 5xx, a short body.
	ErrUnavailable = failure.New(failure.Unavailable, "origin unavailable")
	// ErrRefused is the ErrUnavailable of a backend that works and denies access to
	// this object: HTTP 403 and the like. errors.Is finds both.
	ErrRefused = failure.With(failure.Refused, fmt.Errorf("%w: refused", ErrUnavailable))
	// ErrTransient is the ErrUnavailable that says nothing about the backend: this
	// process has no file descriptors left, the client panicked, or two uploads of one
	// object met. errors.Is finds both. It does not open a circuit breaker.
	ErrTransient = failure.With(failure.Server, fmt.Errorf("%w: for the moment", ErrUnavailable))
	// ErrNotModified means that the object is still of the version that Open was given.
	ErrNotModified = failure.New(failure.Answered, "not modified")
	// ErrExists means that Put found an object under the key.
	ErrExists = failure.New(failure.Answered, "object exists")
)

// Unavailable returns the error of a backend that could not answer because of cause:
// ErrUnavailable, or the error of ctx when ctx is done, because then it was not the
// backend that failed. Where this process lacks descriptors, ports or memory it is
// ErrTransient.
//
// Whether ctx is done is asked of ctx: the timeouts of net and net/http claim to be
// context.DeadlineExceeded. For that reason the error gives only the text of cause,
// and errors.Is finds nothing of cause in it.
func Unavailable(ctx context.Context, backend string, cause error) error {
	if isShortage(cause) {
		return withCause(ctx, backend, ErrTransient, cause)
	}
	return withCause(ctx, backend, ErrUnavailable, cause)
}

// Transient returns the error of a call that says nothing about the backend because of
// cause: ErrTransient, or the error of ctx, as with Unavailable.
func Transient(ctx context.Context, backend string, cause error) error {
	return withCause(ctx, backend, ErrTransient, cause)
}

// Refused returns the error of a backend that works and does not let us read, or
// write, this one object because of cause: ErrRefused, or the error of ctx, as with
// Unavailable.
func Refused(ctx context.Context, backend string, cause error) error {
	return withCause(ctx, backend, ErrRefused, cause)
}

func withCause(ctx context.Context, backend string, sentinel, cause error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", backend, err)
	}
	return fmt.Errorf("%s: %w: %v", backend, sentinel, cause)
}

// Protect calls the client of a backend, and turns a panic into ErrTransient: it may
// be due to one response, or to one object's headers.
func Protect(ctx context.Context, backend string, call func() error) error {
	err := panics.Try("origin", call, "origin", backend)
	if panicked, ok := errors.AsType[*panics.Error](err); ok {
		return Transient(ctx, backend, panicked)
	}
	return err
}

// NotFound returns the ErrNotFound of a backend that has no object under key.
func NotFound(backend, key string) error {
	return fmt.Errorf("%s: %w: %q", backend, ErrNotFound, key)
}

// shortages are the errors of system calls when this process or machine has no more
// descriptors, memory, buffers or local ports.
var shortages = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.EADDRNOTAVAIL}

// isShortage reports that a backend was not reached because of one of the shortages.
// An error of name resolution has only the text of its cause.
func isShortage(err error) bool {
	is := func(shortage error) bool { return errors.Is(err, shortage) }
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		is = func(shortage error) bool { return strings.Contains(dns.Err, shortage.Error()) }
	}
	return slices.ContainsFunc(shortages, is)
}

// AllFailed returns the error of several origins of which none had the object and some
// could not answer because of causes, at least one: ErrRefused or ErrTransient if all
// of them are, and ErrUnavailable otherwise.
func AllFailed(causes []error) error {
	failed := &allFailed{kind: ErrUnavailable}
	for _, kind := range []error{ErrRefused, ErrTransient} {
		if !slices.ContainsFunc(causes, func(err error) bool { return failure.Of(err) != failure.Of(kind) }) {
			failed.kind = kind
		}
	}
	texts := make([]string, len(causes))
	for i, cause := range causes {
		texts[i] = cause.Error()
	}
	failed.text = strings.Join(texts, "; ")
	return failed
}

// allFailed has the text of its causes only, as an odd one may be the error of somebody's
// context.
type allFailed struct {
	text string
	kind error
}

func (e *allFailed) Error() string { return e.text }
func (e *allFailed) Unwrap() error { return e.kind }

// EnsureAbsent returns ErrExists if a backend has an object under key, nil if it has
// none, and the error of Stat otherwise.
func EnsureAbsent(ctx context.Context, w Writer, key string) error {
	_, err := w.Stat(ctx, key)
	switch {
	case err == nil:
		return ErrExists
	case errors.Is(err, ErrNotFound):
		return nil
	default:
		return err
	}
}

// ErrorRecorder is a Reader that keeps the error of another one, for a Writer to tell it from
// its own.
type ErrorRecorder struct {
	io.Reader
	Err error // nil until Read has failed; io.EOF is no failure
}

// Read implements io.Reader.
func (r *ErrorRecorder) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.Err = err
	}
	return n, err
}
