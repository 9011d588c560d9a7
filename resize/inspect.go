package resize

import (
	"context"
	"io"

	"github.com/thumbery/thumbery/resize/header"
)

// sniffBytes are enough to tell all formats apart.
const sniffBytes = 64

// Inspect reads the header of src, as header.Inspect does. It has r read those of
// header.Probed, which takes a worker of r and may take long; page, counted from 1, is for
// them.
//
// The errors are those of header.Inspect and of Resizer.Probe.
func Inspect(ctx context.Context, r Resizer, src Source, formats header.Formats, page int) (header.Header, error) {
	head := make([]byte, min(src.Size, sniffBytes))
	if n, err := src.At.ReadAt(head, 0); n == len(head) || err == io.EOF {
		f, err := header.Identify(head[:n], formats)
		if err == nil && header.Probed.Has(f) {
			return r.Probe(ctx, src, f, max(page, 1))
		}
	}
	return header.Inspect(ctx, src.At, src.Size, formats)
}
