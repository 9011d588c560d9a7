// Package storage reads originals from where they live. The Origin interface
// is what its children implement for one kind of place each; Mounts and Chain
// put several together. It knows no pictures and keeps nothing.
package storage

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
)

// The kinds of failure. Test with errors.Is; anything else that an Origin
// returns counts as ErrUnavailable, except a context's own error.
var (
	// ErrNotFound means that the place was asked and said that there is no
	// such object. It is never returned for a place that could not answer.
	ErrNotFound = failure.New(failure.NotFound, "no such object")
	// ErrUnavailable means that the place could not be asked, or gave no
	// usable answer: network, time-out, credentials, a 5xx, a short body.
	ErrUnavailable = failure.New(failure.Unavailable, "origin unavailable")
	// ErrRefused is the ErrUnavailable of a place that works, and does not let
	// us have this object: HTTP 403 and the like. errors.Is finds both.
	ErrRefused = failure.With(failure.Refused, fmt.Errorf("%w: refused", ErrUnavailable))
	// ErrTransient is the ErrUnavailable that says nothing about the place: this
	// process has no file descriptors left, the place's client panicked, or two
	// uploads of one object met. errors.Is finds both. It does not open a circuit
	// breaker.
	ErrTransient = failure.With(failure.Server, fmt.Errorf("%w: for the moment", ErrUnavailable))
	// ErrNotModified means that the place has the version that Open was told
	// the caller has.
	ErrNotModified = failure.New(failure.Answered, "not modified")
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
	Open(ctx context.Context, key string, have Version) (*Object, error)

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
	// Link, if not nil, makes a URL at which the object can be had from the
	// place itself; see Linker.
	Link func(ctx context.Context, o LinkOptions) (string, error)
}

// Version returns what tells this version of the object from others.
func (o *Object) Version() Version { return Version{ETag: o.ETag, ModTime: o.ModTime} }

// Version is what is known of a version of an object that somebody has. The zero
// value is none. With an ETag that decides, and ModTime else, as in RFC 9110,
// 13.2.2.
type Version struct {
	ETag    string    // as in Object
	ModTime time.Time // as in Object
}

// IsZero reports that nothing is known.
func (v Version) IsZero() bool { return v.ETag == "" && v.ModTime.IsZero() }

// Is reports whether an object of a version other has the bytes that v stands
// for.
func (v Version) Is(other Version) bool {
	if v.ETag != "" && other.ETag != "" {
		return v.ETag == other.ETag
	}
	return !v.ModTime.IsZero() && v.ModTime.Equal(other.ModTime)
}

// What follows is for origins that can do more than be read. Those that put
// others together pass it on to the first of them that can.

// Linker is an Origin that browsers can be sent to.
type Linker interface {
	// Link makes a URL by which anybody can get the object, whether or not it is
	// there, until it expires. The place is not asked for the object, and may be
	// down. But the network may be needed for what does not depend on the object,
	// such as credentials or a bucket's region, until they are known, for as long
	// as connecting and waiting may take there: bound ctx. The error is
	// ErrUnavailable where no URL can be made, and ctx's own.
	Link(ctx context.Context, key string, o LinkOptions) (string, error)
}

// LinkOptions say what a Link is to be like.
type LinkOptions struct {
	Expires time.Duration // more than 0; places may allow less
	// Disposition is what the place is to send as Content-Disposition; "" leaves
	// that to it.
	Disposition string
	// Head makes a URL for HEAD. One for GET may be good for nothing else, and the
	// other way round, as a signature covers the method.
	Head bool
}

// Writer is an Origin that objects can be added to.
type Writer interface {
	// Put writes an object of exactly size bytes, unless there is one already:
	// then the error is ErrExists. It appears whole or not at all. Over a network,
	// the place checks the bytes against a sum that was made before they left; a
	// directory has them reach the disk, and checks nothing.
	//
	// Errors are ErrExists, ErrUnavailable, what body returned, and ctx's own.
	Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error
	// Stat says what Open would, without the body. Errors are those of Open.
	Stat(ctx context.Context, key string) (Entry, error)
}

// ErrExists means that there is an object under that key already.
var ErrExists = failure.New(failure.Answered, "object exists")

// Lister is an Origin whose objects can be listed.
type Lister interface {
	// List gives all objects whose keys begin with prefix, in the order of their
	// keys' bytes where the place has one. Keys that are no variant.Keys are left
	// out, and told to skipped, if that is not nil. After an error, which is as of
	// Open, nothing else comes.
	List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[Entry, error]
}

// Entry is what is known of an object without opening it.
type Entry struct {
	Key     string // relative to the place
	Size    int64  // bytes
	ModTime time.Time
	ETag    string // as in Object; "" where it would have to be asked for
}

// Health is an Origin that knows whether its place answers.
type Health interface {
	// Down reports that the place is not asked at the moment, as it did not
	// answer; of several places, that none of them is. It is cheap: it is asked
	// for every hit.
	Down() bool
}
