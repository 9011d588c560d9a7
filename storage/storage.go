// Package storage reads originals from where they live. The Origin interface
// is what its children implement for one kind of place each; Mounts and Chain
// put several together. It knows no pictures and keeps nothing.
package storage

import (
	"context"
	"errors"
	"io"
	"time"
)

// The kinds of failure. Test with errors.Is; anything else that an Origin
// returns counts as ErrUnavailable, except a context's own error.
var (
	// ErrNotFound means that the place was asked and said that there is no
	// such object. It is never returned for a place that could not answer.
	ErrNotFound = errors.New("no such object")
	// ErrUnavailable means that the place could not be asked, or gave no
	// usable answer: network, time-out, credentials, a 5xx, a short body.
	ErrUnavailable = errors.New("origin unavailable")
)

// Origin is a place of originals. Implementations are safe for use by several
// goroutines, and comparable, as pointers are.
//
// Errors are for the log: they name the place, and may say more of it than the
// public should know.
type Origin interface {
	// Open starts reading an object. Keys are valid variant.Keys, relative to
	// the place. The caller closes Body. Cancelling ctx ends Open and every
	// later Read of Body with the context's error.
	//
	// Body gives exactly Size bytes and then io.EOF; where the place sends
	// fewer or more, Read returns an error of kind ErrUnavailable instead of
	// io.EOF.
	Open(ctx context.Context, key string) (*Object, error)

	// Check asks the place whether it could answer now, without needing any
	// object to exist. It is cheap enough to be called every few seconds.
	Check(ctx context.Context) error

	// String names the place for logs, without secrets.
	String() string
}

// Object is an open original.
type Object struct {
	Body    io.ReadCloser
	Size    int64     // bytes; -1 where the place does not say
	ModTime time.Time // Last-Modified, whole seconds, UTC; zero if unknown
	ETag    string    // as the place gives it, without quotes; "" if none
}
