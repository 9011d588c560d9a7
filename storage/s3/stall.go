package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// impatient gives up bodies that stop moving. Without it a place that hangs in
// the middle of one is waited for as long as the caller's context allows. The
// limit is for one Read, not for the body: a slow one may take its time.
type impatient struct {
	next  http.RoundTripper
	limit time.Duration
}

func (i impatient) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	resp, err := i.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = newImpatientBody(resp.Body, i.limit, cancel)
	return resp, nil
}

type impatientBody struct {
	body    io.ReadCloser
	limit   time.Duration
	timer   *time.Timer
	cancel  context.CancelFunc
	stalled atomic.Bool
}

func newImpatientBody(body io.ReadCloser, limit time.Duration, cancel context.CancelFunc) *impatientBody {
	b := &impatientBody{body: body, limit: limit, cancel: cancel}
	b.timer = time.AfterFunc(limit, func() {
		b.stalled.Store(true)
		cancel()
	})
	b.timer.Stop()
	return b
}

func (b *impatientBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.body.Read(p)
	b.timer.Stop()
	if err != nil && err != io.EOF && b.stalled.Load() {
		err = fmt.Errorf("no byte of the body came for %v", b.limit)
	}
	return n, err
}

func (b *impatientBody) Close() error {
	b.timer.Stop()
	err := b.body.Close()
	b.cancel()
	return err
}
