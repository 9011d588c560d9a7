package resize

import (
	"context"
	"fmt"
	"io"

	"github.com/thumbery/thumbery/resize/header"
)

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
