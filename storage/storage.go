// Package storage reads originals from where they are stored. An Origin is anything
// that originals can be read from; the children s3 and dir have one kind of backend
// each. Mounts and Chain combine several, as do the decorators in breaker, hedge and
// repair. The package knows no pictures and keeps nothing.
package storage

import (
	"context"
	"io"
	"iter"
	"time"
)

// Origin has originals. Implementations are safe for use by several goroutines, and
// comparable, as pointers are.
//
// Errors are for the log: they name the backend, and may say more of it than the
// public should know.
type Origin interface {
	// Open starts reading an object. Keys are valid variant.Keys, relative to the
	// origin. One goroutine reads and closes Body. Cancelling ctx ends Open and every
	// later Read of Body with the error of ctx.
	//
	// Body gives exactly Size bytes and then io.EOF; where the backend sends fewer or
	// more, Read returns ErrUnavailable instead of io.EOF.
	Open(ctx context.Context, key string, have Version) (*Object, error)

	// String names the origin for logs, without secrets.
	String() string
}

// Backend is a single place with originals, as opposed to an Origin made of several.
type Backend interface {
	Origin
	// Check finds out whether the backend could answer now, without needing any object
	// to exist. It is cheap enough to be called every few seconds.
	Check(ctx context.Context) error
}

// Object is an open original.
type Object struct {
	Body    io.ReadCloser
	Size    int64     // bytes; -1 if unknown
	ModTime time.Time // Last-Modified, whole seconds, UTC; zero if unknown
	ETag    string    // without quotes; "" if none
	// Encoding is how Body is compressed, as Encoding returns it; "" if it is not. See Decode.
	Encoding string
	// Link, if not nil, makes a URL at which the object can be had from the backend
	// itself; see Linker.
	Link func(ctx context.Context, o LinkOptions) (string, error)
}

// Version returns what tells this version of the object from others.
func (o *Object) Version() Version { return Version{ETag: o.ETag, ModTime: o.ModTime} }

// Discard closes the body of an object that nobody needs. The object may be nil.
func (o *Object) Discard() {
	if o != nil {
		_ = o.Body.Close()
	}
}

// Version identifies a version of an object. The zero value is none. If there are
// ETags they decide, otherwise ModTime, as in RFC 9110, 13.2.2.
type Version struct {
	ETag    string    // as in Object
	ModTime time.Time // as in Object
}

// IsZero reports that nothing is known.
func (v Version) IsZero() bool { return v.ETag == "" && v.ModTime.IsZero() }

// Is reports whether v and other are the same version.
func (v Version) Is(other Version) bool {
	if v.ETag != "" && other.ETag != "" {
		return v.ETag == other.ETag
	}
	return !v.ModTime.IsZero() && v.ModTime.Equal(other.ModTime)
}

// The interfaces below are capabilities that some origins have besides reading. Decorators
// and groups pass them on: use As to find them.

// Linker is an Origin that browsers can be redirected to.
type Linker interface {
	// Link makes a URL by which anybody can get the object until it expires, whether
	// or not the object exists. The backend is not asked for the object, and may be
	// down; but the network may be needed for credentials or the region of a bucket, so
	// bound ctx. The error is ErrUnavailable where no URL can be made, or that of ctx.
	Link(ctx context.Context, key string, o LinkOptions) (string, error)
}

// LinkOptions are for Linker.Link.
type LinkOptions struct {
	Expires time.Duration // more than 0; backends may allow less
	// Disposition is what the backend is to send as Content-Disposition; "" leaves
	// that to it.
	Disposition string
	// Head makes a URL for HEAD instead of GET, as a signature covers the method.
	Head bool
}

// Writer is an Origin that objects can be added to.
type Writer interface {
	// Put writes an object of exactly size bytes, unless there is one already: then
	// the error is ErrExists. It appears whole or not at all. Over a network the
	// backend verifies a checksum that was computed before sending; a directory has
	// the bytes reach the disk, and verifies nothing.
	//
	// Errors are ErrExists, ErrUnavailable, what body returned, and that of ctx.
	Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error
	// Stat describes what Open would open. Errors are those of Open.
	Stat(ctx context.Context, key string) (Entry, error)
}

// Lister is an Origin whose objects can be listed.
type Lister interface {
	// List gives all objects whose keys begin with prefix, in the order of their keys'
	// bytes where the backend has one. Names that are no variant.Keys are left out, and
	// passed to skipped, if that is not nil. The last element may be an error; it is one of
	// those of Open.
	List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[Entry, error]
}

// Entry describes an object that is not open.
type Entry struct {
	Key     string // relative to the origin
	Size    int64  // bytes
	ModTime time.Time
	ETag    string // as in Object; "" where it would take another request
}

// Health is an Origin that knows whether its backend answers.
type Health interface {
	// Down reports that requests fail at once, as the backend did not answer; of
	// several backends, that all do. It is cheap: it is called for every hit.
	Down() bool
}
