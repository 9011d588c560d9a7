package wire

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Error is an error of an engine on its way to another process.
type Error struct {
	Kind       ErrorKind
	Text       string // of all of the error; in an Answer that was decoded, printable and bounded
	Option     string `json:",omitempty"` // for Unsupported and Options
	Reason     string `json:",omitempty"` // for Options
	Suggestion string `json:",omitempty"` // for Options
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
	Options     ErrorKind = "options"     // *variant.Error of kind variant.ErrOptions
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
	e := &Error{Kind: Failed, Text: clip(err.Error())}
	if u, ok := errors.AsType[*resize.UnsupportedError](err); ok {
		e.Kind, e.Option = Unsupported, u.Option
		return e
	}
	if v, ok := errors.AsType[*variant.Error](err); ok && v.Kind == variant.ErrOptions {
		e.Kind, e.Option, e.Reason, e.Suggestion = Options, v.Option, v.Reason, v.Suggestion
		return e
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			e.Kind = s.kind
			break
		}
	}
	return e
}

// Err returns the error that was described: of the same kind and with the same text. It
// is nil if e is.
func (e *Error) Err() error {
	if e == nil {
		return nil
	}
	switch e.Kind {
	case Unsupported:
		return &resize.UnsupportedError{Option: e.Option}
	case Options:
		return &variant.Error{Kind: variant.ErrOptions, Option: e.Option, Reason: e.Reason, Suggestion: e.Suggestion}
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
	known := e.Kind == Unsupported || e.Kind == Options || e.Kind == Failed
	for _, s := range sentinels {
		known = known || e.Kind == s.kind
	}
	if !known {
		return fmt.Errorf("an error of kind %q", Printable(string(e.Kind)))
	}
	for _, text := range []*string{&e.Text, &e.Option, &e.Reason, &e.Suggestion} {
		*text = Printable(*text)
	}
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
