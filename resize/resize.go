// Package resize plans how pictures are resized: NewPlan is the arithmetic from a
// picture's header and the variant asked for to exact sizes and rectangles, and
// Resizer is the interface of the engine that carries a plan out. It is pure: it
// opens no files, calls no network and links no C. Its child header reads what a
// picture is from its bytes, and its child vips is the engine on libvips.
package resize

import (
	"context"
	"fmt"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// The kinds of failure. Test with errors.Is.
var (
	// ErrBytes means that no quality makes the picture fit into Plan.MaxBytes.
	// The error's text is shown to the public: it says how small it can get.
	ErrBytes = failure.New(failure.Picture, "does not fit into that many bytes")
	// ErrNoMemory means that memory ran out while the picture was resized. It says
	// nothing about the picture: another try may succeed.
	ErrNoMemory = failure.New(failure.Server, "out of memory")
	// ErrTooSlow means that the picture was not inspected or made within its time limit.
	ErrTooSlow = failure.New(failure.Picture, "the picture takes too long to make")
	// ErrTooMuchMemory means that making the picture needs more memory than a process may
	// use. It is of kind header.ErrTooLarge. Another derivative of the picture may need less.
	ErrTooMuchMemory = fmt.Errorf("%w: it needs more memory than one picture may use", header.ErrTooLarge)
	// ErrDied means that the process that worked on the picture crashed, or gave an answer
	// that cannot be right. The picture may be at fault.
	ErrDied = failure.New(failure.Server, "the process that made the picture died")
	// ErrNoProcess means that no process that makes pictures could be started for a while, or
	// that the system gave no file for its results. The picture is not at fault.
	ErrNoProcess = failure.New(failure.Server, "no process is there to make the picture")
)

// UnsupportedError names a valid option that this engine cannot carry out.
type UnsupportedError struct{ Option string }

func (e *UnsupportedError) Error() string {
	return "option " + e.Option + " is not available on this server"
}

// Class implements failure's interface.
func (e *UnsupportedError) Class() failure.Class { return failure.Request }

// Resizer carries plans out. Implementations are safe for use by several
// goroutines. They use a Source only until the method returns; an error of its At is
// returned, wrapped.
type Resizer interface {
	// Probe reads the header of src, a picture in f, which is one of header.Probed. Of a TIFF
	// sides, depth and colours are those of a page, counted from 1; beyond the last page,
	// those of the first. The errors are of the kinds of header.Inspect, and of Resize if
	// the engine fails.
	Probe(ctx context.Context, src Source, f variant.Format, page int) (header.Header, error)

	// Look finds out what NewPlan cannot know about src, for a v with NeedsLook: it
	// returns ResolveLook of what it found. The errors are those of Resize, and of Region.
	Look(ctx context.Context, src Source, h header.Header, v variant.Variant) (variant.Variant, error)

	// Resize makes one picture of src, which must be what h and p were made from.
	//
	// The error is of kind ErrBroken if the picture is damaged, and a lenient engine
	// then also returns what it could decode; of kind ErrBytes if no quality meets
	// Plan.MaxBytes; of kind ErrNotPicture if CanRead says no, if src is not of h's
	// format or if its colours have no certain meaning; of kind ErrNoMemory if memory
	// ran out; and an *UnsupportedError if this engine lacks something. Any other error
	// is a failure of the engine. When ctx ends, ctx's error is returned: at once by
	// package sandbox, and by an engine in this process before what it has not begun.
	Resize(ctx context.Context, src Source, h header.Header, p Plan) ([]byte, error)

	// ResizeAll makes one picture for each of plans, which are all for h and src, and
	// decodes src once for all of them if it can. The decoded picture then stays in
	// memory until the last plan is done, which CostOfAll counts. A result may differ a
	// little from that of Resize, as it is reduced from more pixels.
	//
	// done is called exactly once for each plan, with its index, in the order of
	// plans, as soon as the result is there, and on the caller's goroutine. Its errors
	// are those of Resize. One plan can fail without the others.
	//
	// The returned error is what ended the work as a whole: one of kind ErrBroken or
	// ErrNotPicture about src, a failure to decode it, or ctx's error. All plans that
	// were not done by then have failed with it. Otherwise it is nil, even if single
	// plans have failed.
	ResizeAll(ctx context.Context, src Source, h header.Header, plans []Plan, done func(i int, data []byte, err error)) error

	// Recipe changes whenever the same plan would give other bytes: it is part
	// of a derivative's name.
	Recipe() string

	// CanRead and CanWrite report which formats this build of the engine handles.
	CanRead(f variant.Format) bool
	CanWrite(f variant.Format) bool
}

// WrittenFormats are the formats of derivatives and mezzanines.
const WrittenFormats header.Formats = 1<<variant.JPEG | 1<<variant.PNG | 1<<variant.WebP | 1<<variant.AVIF | 1<<variant.GIF | 1<<variant.JXL

// ReadBy returns the formats that r reads.
func ReadBy(r Resizer) header.Formats {
	var s header.Formats
	for _, f := range header.AllFormats.List() {
		if r.CanRead(f) {
			s = s.With(f)
		}
	}
	return s
}
