package storage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
)

// Unavailable is the error of a place that could not answer because of cause:
// of kind ErrUnavailable, or, when ctx is done, of ctx's own error, because then
// it was not the place that failed. Where cause is that this process lacks
// descriptors, ports or memory, it is ErrTransient.
//
// Whether ctx is done is asked of ctx. The time-outs of net and net/http claim
// to be context.DeadlineExceeded; for that reason the error gives cause's text
// only, and errors.Is finds nothing of cause in it.
func Unavailable(ctx context.Context, place string, cause error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	kind := ErrUnavailable
	if isShortage(cause) {
		kind = ErrTransient
	}
	return fmt.Errorf("%s: %w: %v", place, kind, cause)
}

// Transient is the error of a place about which cause says nothing: of kind
// ErrTransient, or of ctx's own error, as with Unavailable.
func Transient(ctx context.Context, place string, cause error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	return fmt.Errorf("%s: %w: %v", place, ErrTransient, cause)
}

// shortages are the errors of system calls when this process or machine has no more
// descriptors, memory, buffers or local ports.
var shortages = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.EADDRNOTAVAIL}

// isShortage reports that a place was not asked because of one of the shortages. An
// error of name resolution has only the text of its cause.
func isShortage(err error) bool {
	is := func(shortage error) bool { return errors.Is(err, shortage) }
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		is = func(shortage error) bool { return strings.Contains(dns.Err, shortage.Error()) }
	}
	return slices.ContainsFunc(shortages, is)
}

// Refused is the error of a place that works and does not let us have, or keep,
// this one object because of cause: of kind ErrRefused, and so of ErrUnavailable,
// or of ctx's own error, as with Unavailable.
func Refused(ctx context.Context, place string, cause error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	return fmt.Errorf("%s: %w: %v", place, ErrRefused, cause)
}

// NotFound is the error, of kind ErrNotFound, of a place that said that it has
// no object under key.
func NotFound(place, key string) error {
	return fmt.Errorf("%s: %w: %q", place, ErrNotFound, key)
}

// EnsureAbsent asks a place by Stat, and is ErrExists if it has an object under
// key, nil if it has none, and Stat's error otherwise.
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
