// Package resize plans how pictures are resized: NewPlan is the arithmetic from a
// picture's header and the variant asked for to exact sizes and rectangles, and
// Resizer is the interface of the engine that carries a plan out. It is pure: it
// opens no files, calls no network and links no C. Its child header reads what a
// picture is from its bytes, and its child vips is the engine on libvips.
package resize

import (
	"context"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// The kinds of failure. Test with errors.Is.
var (
	// ErrBytes means that no quality makes the picture fit into Plan.MaxBytes.
	// The error's text is shown to the public: it says how small it can get.
	ErrBytes = failure.New(failure.Picture, "does not fit into that many bytes")
	// ErrNoMemory means that memory ran out while the picture was made. It says
	// nothing of the picture: it may be made later.
	ErrNoMemory = failure.New(failure.Server, "out of memory")
	// ErrTooSlow means that the picture was not inspected or made within its time limit.
	ErrTooSlow = failure.New(failure.Picture, "the picture takes too long to make")
)

// UnsupportedError names an option that is understood but that this engine
// cannot carry out.
type UnsupportedError struct{ Option string }

func (e *UnsupportedError) Error() string {
	return "option " + e.Option + " is not available on this server"
}

// Class implements failure's interface.
func (e *UnsupportedError) Class() failure.Class { return failure.Request }

// Resizer carries plans out. Implementations are safe for use by several
// goroutines.
type Resizer interface {
	// Look says what NewPlan cannot know of src, for a v with NeedsLook: it
	// returns ResolveLook of what it found. The errors are those of Resize, and of Region.
	Look(ctx context.Context, src []byte, h header.Header, v variant.Variant) (variant.Variant, error)

	// Resize makes one picture of src, which must be what h and p were made
	// from and is only read, and only until Resize returns.
	//
	// The errors are of kind ErrBroken where the picture is at fault, and an
	// engine that is set up to be lenient then returns what it could make of it,
	// too; ErrBytes where Plan.MaxBytes cannot be met; ErrNotPicture where CanRead says
	// no, src is not of h's format or its colours cannot be told; ErrNoMemory where
	// memory ran out, and an *UnsupportedError where this engine lacks something;
	// anything else is our own failure. A ctx that ends stops the work, and its error is returned: at
	// once before the work starts, and while pixels are worked on; an encoder
	// that is not to be interrupted comes to its end first.
	Resize(ctx context.Context, src []byte, h header.Header, p Plan) ([]byte, error)

	// ResizeAll makes one picture for each of plans, which are all for h and src,
	// and decodes src once for all of them where it can: what is decoded is then in
	// memory until the last is made, which CostOfAll counts. A picture may differ a
	// little from the one that Resize makes, as it is reduced from more pixels.
	//
	// done is called exactly once for each plan, with its index, in the order of
	// plans, as soon as it is made, and on the caller's goroutine: what is wanted
	// first comes first in plans. The errors that it is told are those of Resize. A
	// plan that fails fails alone.
	//
	// The error that is returned is what ended the work as a whole: of kind ErrBroken
	// or ErrNotPicture for src, our own failure to decode it, or ctx's error. All
	// plans that were not made by then have failed with it. It is nil otherwise,
	// whatever done was told.
	ResizeAll(ctx context.Context, src []byte, h header.Header, plans []Plan, done func(i int, data []byte, err error)) error

	// Recipe changes whenever the same plan would give other bytes: it is part
	// of a derivative's name.
	Recipe() string

	// CanRead and CanWrite say what this build of the engine handles.
	CanRead(f variant.Format) bool
	CanWrite(f variant.Format) bool
}

// WrittenFormats are those that derivatives and mezzanines can be of.
const WrittenFormats header.Formats = 1<<variant.JPEG | 1<<variant.PNG | 1<<variant.WebP | 1<<variant.AVIF | 1<<variant.GIF

// ReadBy is the set of what r reads.
func ReadBy(r Resizer) header.Formats {
	var s header.Formats
	for _, f := range header.AllFormats.List() {
		if r.CanRead(f) {
			s = s.With(f)
		}
	}
	return s
}
