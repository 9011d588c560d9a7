// Package failure gives errors a class, which says whose fault an error is and
// whether another try may succeed. The class is carried by the error, so that no
// caller needs a list of errors to decide about retries, caching or statuses.
package failure

import (
	"context"
	"errors"
)

// Class says whose fault an error is. Where several errors are joined, Of returns
// the greatest of their classes, so the order of the constants counts: an error that
// is both NotFound and Unavailable is Unavailable.
type Class int

const (
	// Unknown is the class of errors without a class: bugs, and what nobody foresaw.
	Unknown Class = iota
	// Answered: the origin works, and its answer is not the object. Another try
	// gives the same.
	Answered
	// NotFound: every origin that could have the object says that it does not exist.
	NotFound
	// Refused: the origin works, and denies access to this object.
	Refused
	// Request: the request is wrong. Another try gives the same.
	Request
	// Picture: the original cannot be used. Another try gives the same until the
	// original changes.
	Picture
	// Quarantined: the original may be at fault, and is not used for a while.
	Quarantined
	// Unavailable: the origin did not give a usable answer. Another try may succeed.
	Unavailable
	// Server: this server cannot do it just now, for lack of memory, descriptors or
	// disk, or because it was switched off. It says nothing about origin and picture.
	Server
	// Busy: a queue of this server is full. Another try may succeed in a moment.
	Busy
	// Canceled: the caller left, or its deadline passed.
	Canceled
)

// String is the name of the constant.
func (c Class) String() string {
	return [...]string{
		"Unknown", "Answered", "NotFound", "Refused", "Request", "Picture", "Quarantined",
		"Unavailable", "Server", "Busy", "Canceled",
	}[c]
}

// IsAnswer reports that an origin works and has answered.
func (c Class) IsAnswer() bool { return c == Answered || c == NotFound || c == Refused }

// IsTransient reports that the same operation may succeed some minutes later without
// anybody changing the request or the original.
func (c Class) IsTransient() bool {
	switch c {
	case NotFound, Refused, Quarantined, Unavailable, Server, Busy, Canceled:
		return true
	}
	return false
}

// New returns an error of a class, for use as a sentinel.
func New(c Class, text string) error { return With(c, errors.New(text)) }

// With returns err with a class that replaces those of the errors within it.
func With(c Class, err error) error { return &classified{err, c} }

type classified struct {
	error
	class Class
}

func (e *classified) Class() Class  { return e.class }
func (e *classified) Unwrap() error { return e.error }

// Of returns the class of an error: Canceled if it is context.Canceled or
// context.DeadlineExceeded, else the class of the outermost error in its chain that
// has a method Class() Class. The class of nil is Unknown.
func Of(err error) Class {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return find(err)
}

func find(err error) Class {
	switch e := err.(type) {
	case interface{ Class() Class }:
		return e.Class()
	case interface{ Unwrap() error }:
		return find(e.Unwrap())
	case interface{ Unwrap() []error }:
		greatest := Unknown
		for _, joined := range e.Unwrap() {
			greatest = max(greatest, find(joined))
		}
		return greatest
	}
	return Unknown
}
