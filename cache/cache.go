// Package cache stores bytes under names. It has the interface Store, which package
// cache/disk implements; a cache in memory (Memory); request coalescing (Flight); and counters
// that invalidate work which began before a picture was forgotten (Epochs). It knows nothing
// of pictures, origins and HTTP.
package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/variant"
)

// ErrMiss is returned for a name without an entry, also if its file was found to be empty
// and removed.
var ErrMiss = errors.New("not in the cache")

// ErrNoRoom is the NotKept of a Blob that was not stored because the disk has too little
// free space.
var ErrNoRoom = failure.New(failure.Server, "the disk has less free space than it is to keep")

// ErrNotKept is the error of work whose only purpose was to fill the cache: the disk
// took nothing, or the picture was forgotten meanwhile.
var ErrNotKept = failure.New(failure.Server, "not kept in the cache")

// Store stores whole bodies under names. Several goroutines and processes may use it at once.
//
// Nobody ever sees half a body: an entry becomes visible when it is complete, and replaces
// an older one in one step.
type Store interface {
	// Open opens an entry and updates its last use (at most hourly; failing to do so is
	// not an error). It returns ErrMiss if there is none, ErrName if name is invalid,
	// ErrUnreadable if the entry could not be opened and was removed, and another error if
	// the store cannot be read. Callers treat all of them as a miss. The caller closes the
	// Blob; if it turned out to be unreadable, that removes the entry.
	Open(name variant.Name) (*Blob, error)

	// Peek is Open without updating the last use. It removes no entry that cannot be opened.
	Peek(name variant.Name) (*Blob, error)

	// Touch updates the last use of an entry that is served without Open, as Open does, and
	// describes it. Its errors are those of Open.
	Touch(name variant.Name) (Stat, error)

	// Fill stores all that r returns under name, with modTime as its modification time, and
	// returns the entry opened. A zero modTime means that the origin gave none, and stays
	// zero. The caller limits how much r returns, and closes the Blob.
	//
	// If r fails, or ctx ends before r does, nothing is stored, an older entry stays, and
	// that error is returned. If name is invalid, ErrName is returned before r is read.
	//
	// If the store fails (full, read-only, gone), no byte is lost: the Blob is in memory,
	// and its NotKept says why. An older entry may then remain.
	//
	// An empty body is not stored: an older entry is removed, and the Blob is empty, in
	// memory, with NotKept nil.
	Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*Blob, error)

	// Remove removes an entry. A missing one is not an error. Open Blobs stay whole.
	Remove(name variant.Name) error

	// RemoveSource removes every entry that was made of a source, and the one of its own
	// name. It continues after an entry that cannot be removed, and returns how many were
	// removed, their size in bytes, and the errors joined.
	RemoveSource(source variant.Name) (files int, bytes int64, err error)

	// Check reports whether an entry could be stored now, by writing a file that is not an
	// entry.
	Check() error
}

// Stat describes an entry that is not open.
type Stat struct {
	Size    int64     // bytes
	ModTime time.Time // as Blob.ModTime
	Path    string    // as Blob.Path
}

// ErrName is returned for an invalid variant.Name. No store makes a path of one.
var ErrName = errors.New("not a name of the cache")

// The bounds of each part of a name, in hexadecimal digits. The first three digits name the
// directory; 64 are the digits of SHA-256. Both parts together are well below the 255 bytes
// of a file name.
const (
	minPart = 3
	maxPart = 64
)

// CheckName returns ErrName, wrapped, unless name is 3 to 64 lower-case hexadecimal digits, or
// two such groups with a dash between them.
func CheckName(name variant.Name) error {
	source, rest, two := strings.Cut(string(name), "-")
	if !isPart(source) || two && !isPart(rest) {
		return fmt.Errorf("%w: %.140q", ErrName, string(name))
	}
	return nil
}

func isPart(s string) bool {
	return len(s) >= minPart && len(s) <= maxPart && strings.Trim(s, "0123456789abcdef") == ""
}

// Discard is a Store that keeps nothing, as io.Discard is a Writer that does.
type Discard struct{}

var _ Store = Discard{}

// Open, Peek and Touch return ErrMiss.
func (Discard) Open(variant.Name) (*Blob, error) { return nil, ErrMiss }
func (Discard) Peek(variant.Name) (*Blob, error) { return nil, ErrMiss }
func (Discard) Touch(variant.Name) (Stat, error) { return Stat{}, ErrMiss }

// Fill returns the body in memory. Its NotKept is ErrNoRoom.
func (Discard) Fill(_ context.Context, _ variant.Name, r io.Reader, modTime time.Time) (*Blob, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	b := InMemory(data, modTime)
	b.NotKept = ErrNoRoom
	return b, nil
}

// Remove, RemoveSource and Check do nothing.
func (Discard) Remove(variant.Name) error                                     { return nil }
func (Discard) RemoveSource(variant.Name) (files int, bytes int64, err error) { return 0, 0, nil }
func (Discard) Check() error                                                  { return nil }
