package frontcache

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// sender sends requests to a cache.
type sender struct {
	form    form
	sign    func(*http.Request, []byte) error
	client  *http.Client
	secrets *secrets
}

func signer(scope string, c Config) func(*http.Request, []byte) error {
	if scope == "" {
		return func(*http.Request, []byte) error { return nil }
	}
	service, region, _ := strings.Cut(scope, " ")
	return func(r *http.Request, body []byte) error { return c.Sign(r, body, service, region) }
}

const (
	// requestTimeout is for a request and the answer to it.
	requestTimeout = 10 * time.Second
	// idleTimeout is less than those of the caches, so that no request meets a connection
	// that is being closed: Varnish's is 5 seconds.
	idleTimeout    = 3 * time.Second
	maxHeaderBytes = 64 << 10
)

// newClient follows no redirects: it would send credentials along.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.IdleConnTimeout, transport.MaxResponseHeaderBytes = idleTimeout, maxHeaderBytes
	return &http.Client{
		Transport: transport, Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// maxAnswer bytes of an answer are read, maxCause logged.
const (
	maxAnswer = 64 << 10
	maxCause  = 500
)

// send makes one request.
func (s *sender) send(ctx context.Context, b batch) answer {
	r, body, err := s.form.request(b)
	if err != nil { // it was executed at start without an error
		return s.failed(err)
	}
	r = r.WithContext(ctx)
	if err := s.sign(r, body); err != nil {
		return s.failed(err)
	}
	// So net/http repeats it by itself if a connection turns out to be closed.
	r.Header["Idempotency-Key"] = []string{}
	resp, err := s.client.Do(r)
	if err != nil {
		return s.failed(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // the status is the answer
	a := answer{result: resultOf(resp.StatusCode), after: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	if a.result != OK {
		a.cause = s.clean(resp.Status + ": " + string(text))
	}
	return a
}

// failed leaves out the URL, which may have secrets, from an error of net/http.
func (s *sender) failed(err error) answer {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return answer{result: Failed, cause: s.clean(err.Error())}
}

// clean makes a text fit for the log.
func (s *sender) clean(text string) string {
	text = s.secrets.redact(text)
	if len(text) > maxCause {
		text = text[:maxCause] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}
