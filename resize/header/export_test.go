package header

import (
	"context"
	"io"
)

// InspectSteps is Inspect, and returns how many steps of work it took.
func InspectSteps(ctx context.Context, r io.ReaderAt, size int64, formats Formats) (steps int64, err error) {
	s := newSource(ctx, r, size)
	s.page = 1
	given := s.steps
	_, err = s.inspect(formats)
	return given - s.steps, err
}
