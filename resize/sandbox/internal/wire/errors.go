package wire

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// Error is an error of an engine on its way to another process.
type Error struct {
	Kind   ErrorKind
	Text   string // of all of the error; in an Answer that was decoded, printable and bounded
	Option string `json:",omitempty"` // for Unsupported
}

// ErrorKind says what an error is.
type ErrorKind string

// The values of ErrorKind.
const (
	Broken      ErrorKind = "broken"      // header.ErrBroken
	NotPicture  ErrorKind = "not-picture" // header.ErrNotPicture
	TooLarge    ErrorKind = "too-large"   // header.ErrTooLarge
	Bytes       ErrorKind = "bytes"       // resize.ErrBytes
	NoMemory    ErrorKind = "no-memory"   // resize.ErrNoMemory
	TooSlow     ErrorKind = "too-slow"    // resize.ErrTooSlow
	Unsupported ErrorKind = "unsupported" // *resize.UnsupportedError
	Failed      ErrorKind = "failed"      // any other
)

// sentinels are the errors that are told by errors.Is, the first that fits. Read-only.
var sentinels = []struct {
	kind ErrorKind
	err  error
}{
	{NoMemory, resize.ErrNoMemory},
	{TooSlow, resize.ErrTooSlow},
	{Bytes, resize.ErrBytes},
	{TooLarge, header.ErrTooLarge},
	{NotPicture, header.ErrNotPicture},
	{Broken, header.ErrBroken},
}

// ErrorOf describes err; nil if that is nil.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	text := clip(err.Error())
	if u, ok := errors.AsType[*resize.UnsupportedError](err); ok {
		return &Error{Unsupported, text, u.Option}
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return &Error{Kind: s.kind, Text: text}
		}
	}
	return &Error{Kind: Failed, Text: text}
}

// Err returns the error that was described: of the same kind and with the same text. It
// is nil if e is.
func (e *Error) Err() error {
	switch {
	case e == nil:
		return nil
	case e.Kind == Unsupported:
		return &resize.UnsupportedError{Option: e.Option}
	}
	for _, s := range sentinels {
		if e.Kind == s.kind {
			return &told{s.err, e.Text}
		}
	}
	return errors.New(e.Text)
}

// told is an error of a kind whose text another process gave.
type told struct {
	kind error
	text string
}

func (e *told) Error() string { return e.text }
func (e *told) Unwrap() error { return e.kind }

func (e *Error) check() error {
	if e == nil {
		return nil
	}
	known := e.Kind == Unsupported || e.Kind == Failed
	for _, s := range sentinels {
		known = known || e.Kind == s.kind
	}
	if !known {
		return fmt.Errorf("an error of kind %q", Printable(string(e.Kind)))
	}
	e.Text, e.Option = Printable(e.Text), Printable(e.Option)
	return nil
}

// maxText is the length of the longest text that is taken from a child, in bytes.
const maxText = 500

func clip(s string) string { return s[:min(len(s), maxText)] }

// Printable is s, or the beginning of it, at most 500 bytes, fit for a line of a log and
// for the public: with a question mark for each rune that cannot be printed.
func Printable(s string) string {
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, clip(s)), "?")
}
