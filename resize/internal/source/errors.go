package source

import (
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/internal/failure"
)

// The kinds of failure, which package header documents.
var (
	ErrNotPicture = failure.New(failure.Picture, "not a picture that can be read")
	ErrBroken     = failure.New(failure.Picture, "broken picture")
	ErrTooLarge   = failure.New(failure.Picture, "too many pixels")
)

// Broken is an error of kind ErrBroken.
func Broken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBroken}, args...)...)
}

// TooLarge is an error of kind ErrTooLarge.
func TooLarge(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrTooLarge}, args...)...)
}

// errTooMuchWork is the error for a file that costs more than its size explains.
var errTooMuchWork = Broken("its parts refer to each other too often")

// cutError is an ErrBroken for a file that ends too early.
type cutError struct{ where string }

func (e *cutError) Error() string { return ErrBroken.Error() + ": cut short" + e.where }
func (e *cutError) Unwrap() error { return ErrBroken }

// CutShort is an error of kind ErrBroken for a file that ends within a part, which where
// names.
func CutShort(where string) error { return &cutError{" in " + where} }

// IsCut reports whether err says that a file ends too early.
func IsCut(err error) bool {
	_, ok := errors.AsType[*cutError](err)
	return ok
}
