package s3

import (
	"context"
	"io"
	"time"
)

// Impatient makes the body that gives up when nothing moves.
func IdleTimeoutBody(body io.ReadCloser, limit time.Duration, cancel context.CancelFunc) io.ReadCloser {
	return &idleTimeoutBody{body, newIdleTimer(limit, cancel), cancel}
}
