package s3

import (
	"context"
	"io"
	"time"
)

// IdleTimeoutBody makes the body that is given up when nothing moves.
func IdleTimeoutBody(body io.ReadCloser, limit time.Duration, cancel context.CancelCauseFunc) io.ReadCloser {
	return &idleTimeoutBody{body, newIdleTimer(limit, "received", cancel), cancel}
}
