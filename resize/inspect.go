package resize

import (
	"context"
	"fmt"
	"io"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// FormatOf returns the format of src by its first bytes, as header.Identify does. The errors
// are those of header.Identify, header.ErrBroken if src is empty, and that of src.
func FormatOf(src Source, formats header.Formats) (variant.Format, error) {
	if src.Size == 0 {
		return 0, source.Broken("it is empty")
	}
	head := make([]byte, min(src.Size, header.SniffBytes))
	n, err := src.At.ReadAt(head, 0)
	if n < len(head) && err != io.EOF {
		return 0, err
	}
	return header.Identify(head[:n], formats)
}

// Inspect reads the header of src, as header.Inspect does. It has r read those of
// header.Probed, which takes a worker of r and may take long; page, counted from 1, is for
// them.
//
// The errors are those of FormatOf, header.Inspect and Resizer.Probe.
func Inspect(ctx context.Context, r Resizer, src Source, formats header.Formats, page int) (header.Header, error) {
	f, err := FormatOf(src, formats)
	switch {
	case err != nil:
		return header.Header{}, err
	case header.Probed.Has(f):
		return r.Probe(ctx, src, f, max(page, 1))
	}
	return header.Inspect(ctx, src.At, src.Size, formats)
}

// CheckResult compares size bytes of r, what an engine has made, with its plan: a result of
// another format or size would be kept and served for months. It reads only headers. It may
// have fewer frames, as encoders join frames that are alike.
//
// An error says what is wrong, and has no kind, unless r cannot be read: then it wraps r's.
func CheckResult(r io.ReaderAt, size int64, p Plan) error {
	h, err := header.Inspect(context.Background(), r, size, WrittenFormats)
	if err != nil {
		return fmt.Errorf("the engine gave an unusable result: %v", err)
	}
	w, height := p.Size()
	if h.Format != p.Output.Format && h.Format != p.Plain.Format || h.Width != w || h.Height != height || h.Pages > p.Frames {
		return fmt.Errorf("the engine gave %v of %dx%d, %d frames, instead of %v of %dx%d, %d frames",
			h.Format, h.Width, h.Height, h.Pages, p.Output.Format, w, height, p.Frames)
	}
	return nil
}
