package variant

import "github.com/thumbery/thumbery/internal/failure"

// The kinds of Error. Test with errors.Is.
var (
	// ErrOptions: an option is unknown, repeated, malformed or out of range.
	ErrOptions = failure.New(failure.Request, "bad options")
	// ErrKey: the picture's key is not acceptable.
	ErrKey = failure.New(failure.Request, "bad key")
	// ErrForbidden: the URL is well formed but not permitted: not signed,
	// wrongly signed, expired, or a size that is not on the list.
	ErrForbidden = failure.New(failure.Request, "not permitted")
)

// Error says what is wrong with a URL, in words that may be shown to the
// client that sent it.
type Error struct {
	Kind       error  // ErrOptions, ErrKey or ErrForbidden
	Option     string // the option at fault as it was written; "" if none is
	Reason     string // what is wrong with it
	Suggestion string // the nearest spelling that would do; "" if there is none
}

func (e *Error) Error() string {
	s := e.Reason
	if e.Option != "" {
		s = "option " + quoteForPeople(e.Option) + ": " + s
	}
	if e.Suggestion != "" {
		s += "; did you mean " + quoteForPeople(e.Suggestion) + "?"
	}
	return s
}

// Unwrap makes errors.Is find the kind.
func (e *Error) Unwrap() error { return e.Kind }
