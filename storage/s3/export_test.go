package s3

import (
	"context"
	"io"
	"time"
)

// Impatient makes the body that gives up when nothing moves.
func Impatient(body io.ReadCloser, limit time.Duration, cancel context.CancelFunc) io.ReadCloser {
	return newImpatientBody(body, limit, cancel)
}
