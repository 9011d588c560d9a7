package header

import (
	"context"
	"io"

	"github.com/thumbery/thumbery/resize/internal/source"
)

// InspectSteps is Inspect, and returns how many steps of work it took.
func InspectSteps(ctx context.Context, r io.ReaderAt, size int64, formats Formats) (steps int64, err error) {
	s := source.New(ctx, r, size)
	given := s.Steps
	_, err = inspect(s, formats)
	return given - s.Steps, err
}
