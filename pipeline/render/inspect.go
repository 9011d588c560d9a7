package render

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// Inspect reads the header of a page of src, counted from 1, when it is admitted, and within
// Config.Timeout, as for Render. A header that has to be probed takes a worker, like a picture; the others
// have a gate of their own, Inspections, since they are read faster than any picture is
// made. background gives it low priority.
//
// Errors are those of resize.Inspect, gate.ErrBusy, resize.ErrTooSlow and that of ctx. What
// is in no format that is read is refused before it is queued.
func (e *Engine) Inspect(ctx context.Context, src resize.Source, page int, background bool) (h header.Header, err error) {
	f, err := resize.FormatOf(src, e.formats)
	if err != nil {
		return header.Header{}, err
	}
	g, weight := e.Inspections, int64(1)
	if header.Probed.Has(f) {
		g, weight = e.Gate, e.Gate.LeastHeavy()
	}
	limit, queued := e.limit(time.Time{}, background), e.Now()
	leave, err := limit.enter(ctx, g, weight)
	if err != nil {
		return header.Header{}, err
	}
	defer leave()
	limit.waited(e.Now().Sub(queued))
	err = limit.within(ctx, func(ctx context.Context) error {
		h, err = resize.Inspect(ctx, e.Resizer, src, e.formats, page)
		return err
	})
	return h, err
}
