package header

import (
	"context"
	"io"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// InspectSteps is Inspect, and returns how many steps of work it took.
func InspectSteps(ctx context.Context, r io.ReaderAt, size int64, formats Formats) (steps int64, err error) {
	s := &file{source.New(ctx, r, size)}
	given := s.Steps
	_, err = s.inspect(formats)
	return given - s.Steps, err
}
