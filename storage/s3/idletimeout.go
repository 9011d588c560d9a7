package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"
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
	ctx, cancel := context.WithCancelCause(req.Context())
	sent := req.WithContext(ctx)
	sending := newIdleTimer(i.limit, "sent", cancel)
	if req.Body != nil && req.Body != http.NoBody {
		sent.Body = idleTimeoutUpload{req.Body, sending}
	}
	resp, err := i.next.RoundTrip(sent)
	sending.Stop()
	if err != nil {
		cancel(nil)
		return nil, err
	}
	resp.Body = &idleTimeoutBody{resp.Body, newIdleTimer(i.limit, "received", cancel), cancel}
	return resp, nil
}

// idleTimer cancels a request of whose body no byte moves for a while. What waits for the
// request then fails with the cause.
type idleTimer struct {
	*time.Timer
	limit time.Duration
}

// newIdleTimer returns one that is stopped, as connecting has its own limit.
func newIdleTimer(limit time.Duration, what string, cancel context.CancelCauseFunc) idleTimer {
	t := time.AfterFunc(limit, func() { cancel(fmt.Errorf("no byte of the body was %s for %v", what, limit)) })
	t.Stop()
	return idleTimer{t, limit}
}

// idleTimeoutUpload is the body of an upload. The transport reads a piece when it has sent
// the one before, so the limit is for the time between two Reads, and between the last
// one and the response.
type idleTimeoutUpload struct {
	io.ReadCloser
	timer idleTimer
}

func (u idleTimeoutUpload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.timer.Reset(u.timer.limit)
	return n, err
}

type idleTimeoutBody struct {
	body   io.ReadCloser
	timer  idleTimer
	cancel context.CancelCauseFunc
}

func (b *idleTimeoutBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.timer.limit)
	n, err := b.body.Read(p)
	b.timer.Stop()
	return n, err
}

func (b *idleTimeoutBody) Close() error {
	b.timer.Stop()
	err := b.body.Close()
	b.cancel(nil)
	return err
}
