// Package cache keeps bytes under names: the Store on disk that its child
// implements, a memory tier (Memory), and the coalescing of equal
// work (Flight). It knows no pictures, no origins and no HTTP.
package cache

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/variant"
)

// ErrMiss is returned by Store.Open for a name that is not there, or whose file
// was found broken and has been removed.
var ErrMiss = errors.New("not in the cache")

// ErrNoRoom is the NotKept of a Blob that was not written because the disk is
// to keep some space free.
var ErrNoRoom = failure.New(failure.Server, "the disk has less free space than it is to keep")

// Store keeps whole bodies under names. It is safe for use by several
// goroutines and several processes at once.
//
// Nobody ever sees half a body: an entry becomes visible when all of it is
// there, and replaces an older one in one step.
type Store interface {
	// Open returns the entry and notes its use (at most hourly; failing to
	// note is not an error). It returns ErrMiss if there is none, ErrName if
	// the name is not one, ErrUnreadable if the entry could not be opened and has been
	// removed, and another error if the store cannot be read; callers treat all as
	// a miss. The caller closes the Blob: one that turned out to be unreadable is
	// then removed.
	Open(name variant.Name) (*Blob, error)

	// Peek is Open for what is no use of the entry, and notes none.
	Peek(name variant.Name) (*Blob, error)

	// Touch notes the use of an entry that is served without Open, as Open
	// does, and says what there is; its errors are those of Open.
	Touch(name variant.Name) (Stat, error)

	// Fill keeps everything that r gives under name, with modTime as the
	// entry's modification time, and returns it opened. A zero modTime means
	// that the origin gave none, and stays zero. How much r may give is the
	// caller's to limit. The caller closes the Blob.
	//
	// If r fails, or ctx is done before r ends, nothing is kept, an older entry
	// stays, and that error is returned. ErrName is returned for what is not a
	// name, before r is read.
	//
	// If the store fails — full, read-only, gone — no byte is lost: the Blob
	// lives in memory and its NotKept says why. An older entry may then remain.
	//
	// An empty body is no entry: an older one is removed, and the Blob is empty,
	// in memory, with NotKept nil.
	Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*Blob, error)

	// Remove forgets one entry; a missing one is not an error. Blobs that are
	// open stay whole.
	Remove(name variant.Name) error

	// RemoveSource forgets every entry that was made of a source, the one of
	// its own name among them. It goes on after one that cannot be removed, and
	// returns how many are gone, their bytes, and the errors joined.
	RemoveSource(source variant.Name) (files int, bytes int64, err error)

	// Check reports whether an entry could be written now, by writing one
	// outside the names.
	Check() error
}

// Stat is what is known of an entry without opening it.
type Stat struct {
	Size    int64     // bytes
	ModTime time.Time // as Blob.ModTime
	Path    string    // as Blob.Path
}
