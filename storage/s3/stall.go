package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// impatient gives up bodies that stop moving, of answers and of uploads. Without
// it a place that hangs in the middle of one is waited for as long as the caller's
// context allows. The limit is for one Read, not for the body: a slow one may take
// its time.
type impatient struct {
	next  http.RoundTripper
	limit time.Duration
}

func (i impatient) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	sent := req.WithContext(ctx)
	var up *impatientUpload
	if req.Body != nil && req.Body != http.NoBody {
		up = newImpatientUpload(req.Body, i.limit, cancel)
		sent.Body = up
	}
	resp, err := i.next.RoundTrip(sent)
	if up != nil {
		up.timer.Stop()
	}
	if err != nil {
		cancel()
		if up != nil && up.stalled.Load() && req.Context().Err() == nil {
			err = fmt.Errorf("no byte of the body was taken for %v", i.limit)
		}
		return nil, err
	}
	resp.Body = newImpatientBody(resp.Body, i.limit, cancel)
	return resp, nil
}

// impatientUpload is the body of an upload, of which the transport reads a piece
// when it has sent the one before: the limit is for what is between two Reads, and
// between the last one and the answer.
type impatientUpload struct {
	io.ReadCloser
	limit   time.Duration
	timer   *time.Timer
	stalled atomic.Bool
}

func newImpatientUpload(body io.ReadCloser, limit time.Duration, cancel context.CancelFunc) *impatientUpload {
	u := &impatientUpload{ReadCloser: body, limit: limit}
	u.timer = time.AfterFunc(limit, func() {
		u.stalled.Store(true)
		cancel()
	})
	u.timer.Stop() // connecting has its own limit
	return u
}

func (u *impatientUpload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.timer.Reset(u.limit)
	return n, err
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
