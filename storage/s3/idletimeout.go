package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// idleTimeoutTransport aborts bodies of which no byte is received or sent for a while.
// Without it a server that hangs in the middle of one is waited for as long as the
// caller's context allows. The limit is for one Read, not for the body: a slow one may
// take any time.
type idleTimeoutTransport struct {
	next  http.RoundTripper
	limit time.Duration
}

func (i idleTimeoutTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	sent := req.WithContext(ctx)
	var up *idleTimeoutUpload
	if req.Body != nil && req.Body != http.NoBody {
		up = newIdleTimeoutUpload(req.Body, i.limit, cancel)
		sent.Body = up
	}
	resp, err := i.next.RoundTrip(sent)
	if up != nil {
		up.timer.Stop()
	}
	if err != nil {
		cancel()
		if up != nil && up.stalled.Load() && req.Context().Err() == nil {
			err = fmt.Errorf("no byte of the body was sent for %v", i.limit)
		}
		return nil, err
	}
	resp.Body = newIdleTimeoutBody(resp.Body, i.limit, cancel)
	return resp, nil
}

// idleTimeoutUpload is the body of an upload. The transport reads a piece when it has sent
// the one before, so the limit is for the time between two Reads, and between the last
// one and the response.
type idleTimeoutUpload struct {
	io.ReadCloser
	limit   time.Duration
	timer   *time.Timer
	stalled atomic.Bool
}

func newIdleTimeoutUpload(body io.ReadCloser, limit time.Duration, cancel context.CancelFunc) *idleTimeoutUpload {
	u := &idleTimeoutUpload{ReadCloser: body, limit: limit}
	u.timer = time.AfterFunc(limit, func() {
		u.stalled.Store(true)
		cancel()
	})
	u.timer.Stop() // connecting has its own limit
	return u
}

func (u *idleTimeoutUpload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.timer.Reset(u.limit)
	return n, err
}

type idleTimeoutBody struct {
	body    io.ReadCloser
	limit   time.Duration
	timer   *time.Timer
	cancel  context.CancelFunc
	stalled atomic.Bool
}

func newIdleTimeoutBody(body io.ReadCloser, limit time.Duration, cancel context.CancelFunc) *idleTimeoutBody {
	b := &idleTimeoutBody{body: body, limit: limit, cancel: cancel}
	b.timer = time.AfterFunc(limit, func() {
		b.stalled.Store(true)
		cancel()
	})
	b.timer.Stop()
	return b
}

func (b *idleTimeoutBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.body.Read(p)
	b.timer.Stop()
	if err != nil && err != io.EOF && b.stalled.Load() {
		err = fmt.Errorf("no byte of the body was received for %v", b.limit)
	}
	return n, err
}

func (b *idleTimeoutBody) Close() error {
	b.timer.Stop()
	err := b.body.Close()
	b.cancel()
	return err
}
