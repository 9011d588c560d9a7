package prime

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/variant"
)

const (
	// maxLine bounds a line of the answer, in bytes; a server's are far below.
	maxLine = 1 << 20
	// idleTimeout is how long a server may say nothing: it reports its progress several
	// times a second.
	idleTimeout = time.Minute
	// maxRetryAfter bounds how long a server may have us wait.
	maxRetryAfter = time.Minute
	// batchKeys and batchBytes bound a job to far less than a server takes at once, so that
	// little is lost when it restarts.
	batchKeys  = 5000
	batchBytes = 1 << 20
)

// Body is the body of POST /prime.
type Body struct {
	Keys       []variant.Key `json:"keys,omitempty"`
	Prefix     *string       `json:"prefix,omitempty"` // list what begins with it
	Since      string        `json:"since,omitempty"`  // a duration, for what is listed
	Ops        []string      `json:"ops,omitempty"`
	Presets    []string      `json:"presets,omitempty"`
	AllPresets bool          `json:"all_presets,omitempty"`
	Formats    string        `json:"formats,omitempty"` // "auto" is Job.AllFormats
}

// Server is where the admin listener of a server is.
type Server struct {
	base   string // of URLs, without a slash at the end
	socket string // its path, if it is one
}

// UnmarshalText reads a URL such as http://127.0.0.1:8081, or unix:/PATH.
func (s *Server) UnmarshalText(text []byte) error {
	if path, ok := strings.CutPrefix(string(text), "unix:"); ok && path != "" {
		*s = Server{"http://localhost", path}
		return nil
	}
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is neither of the form http://127.0.0.1:8081 nor unix:/PATH", text)
	}
	*s = Server{base: u.Scheme + "://" + u.Host}
	return nil
}

// IsZero reports that no server was given.
func (s Server) IsZero() bool { return s.base == "" }

// String is how it was given.
func (s Server) String() string {
	if s.socket != "" {
		return "unix:" + s.socket
	}
	return s.base
}

// Client speaks to that server only, and tells it its token, if that is not "".
func (s Server) Client(token string, log *slog.Logger) *Client {
	t := &http.Transport{DisableCompression: true}
	if s.socket != "" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
		}
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{Base: s.base, Token: token, HTTP: &http.Client{Transport: t, CheckRedirect: stay}, Log: log}
}

// Client has a running server do the work, through its admin listener.
type Client struct {
	Base  string // URL of the listener, without a slash at the end
	Token string // of the listener; "" for none
	HTTP  *http.Client
	Log   *slog.Logger
}

// MistakeError says that a server refuses a job, and will do so again.
type MistakeError struct{ Reason string }

// Error implements error.
func (e *MistakeError) Error() string { return e.Reason }

// RunKeys is Run for as many keys as there are, in one job after the other: each has what
// was read while the one before ran.
func (c *Client) RunKeys(ctx context.Context, b Body, keys iter.Seq2[variant.Key, error], report func(Progress)) error {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	found := prefetch(reading, keys, batchKeys)
	var total Progress
	for {
		batch, end := nextBatch(ctx, found)
		if b.Keys = batch; len(batch) > 0 && ctx.Err() == nil {
			before := total
			err := c.Run(ctx, b, func(p Progress) {
				total = p.After(before)
				total.Listing = true // nobody knows how many keys will come
				report(total)
			})
			if err != nil {
				return err
			}
		}
		if end == io.EOF {
			return nil
		}
		if end != nil {
			return end
		}
	}
}

// nextBatch waits for a key, and takes those that have been read besides, as far as they fit
// into a job. The error comes with the keys before it; io.EOF is the end.
func nextBatch(ctx context.Context, found <-chan keyOrError) (batch []variant.Key, err error) {
	for bytes := 0; len(batch) < batchKeys && bytes < batchBytes; {
		if len(batch) > 0 && len(found) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return batch, ctx.Err()
		case k, more := <-found:
			if !more {
				return batch, io.EOF
			}
			if k.err != nil {
				return batch, k.err
			}
			batch, bytes = append(batch, k.key), bytes+len(k.key)
		}
	}
	return batch, nil
}

// Run has one job done, and reports how far it is. While the server has no room for it,
// it waits. When ctx ends the connection is closed, which stops the job.
func (c *Client) Run(ctx context.Context, b Body, report func(Progress)) error {
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	for warned := false; ; warned = true {
		busy, err := c.attempt(ctx, data, report)
		if busy == 0 {
			return err
		}
		if !warned {
			c.Log.Warn("the server is busy: waiting to start the job", "cause", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(busy):
		}
	}
}

// attempt sends a job, and follows it to its end. If busy is not 0 the server has no
// room for it, and may have some after that time.
func (c *Client) attempt(ctx context.Context, body []byte, report func(Progress)) (busy time.Duration, err error) {
	following, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(idleTimeout, func() { cancel(fmt.Errorf("the server has said nothing for %v", idleTimeout)) })
	defer watchdog.Stop()
	req, err := http.NewRequestWithContext(following, http.MethodPost, c.Base+"/prime", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	res, err := c.HTTP.Do(req)
	if err == nil {
		defer func() { _ = res.Body.Close() }() // nothing was written
		if res.StatusCode != http.StatusOK {
			return c.refusal(res)
		}
		err = follow(res.Body, func(p Progress) {
			watchdog.Reset(idleTimeout)
			report(p)
		})
	}
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case following.Err() != nil:
		err = context.Cause(following)
	}
	if err != nil && res == nil {
		err = fmt.Errorf("--server: %w", err)
	}
	return 0, err
}

// follow reads how far a job is until it ends.
func follow(answer io.Reader, report func(Progress)) error {
	lines := bufio.NewScanner(answer)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var p Progress
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return fmt.Errorf("the server's answer makes no sense: %w", err)
		}
		report(p)
		switch p.State {
		case Done:
			return nil
		case Failed:
			return errors.New(p.Reason)
		case Stopped:
			return errors.New("the server is stopping")
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("the connection to the server broke off: %w", err)
	}
	return errors.New("the connection to the server broke off")
}

// refusal says what the server does not like, and whether it is a mistake.
func (c *Client) refusal(res *http.Response) (busy time.Duration, err error) {
	var answer struct{ Error, Kind string }
	data, _ := io.ReadAll(io.LimitReader(res.Body, maxLine))
	_ = json.Unmarshal(data, &answer) // any status tells enough without JSON
	reason := excerpt.First(answer.Error, maxErrorBytes)
	switch status := res.StatusCode; {
	case status == http.StatusServiceUnavailable && answer.Kind == "busy":
		return retryAfter(res.Header.Get("Retry-After")), errors.New(reason)
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return 0, &MistakeError{fmt.Sprintf("--server: %s has no /prime: is it the --admin of a thumbery?", c.Base)}
	case status == http.StatusUnauthorized:
		return 0, &MistakeError{fmt.Sprintf("--server: %s does not accept the admin token: give --admin-token, or set THUMBERY_ADMIN_TOKEN, as for the server", c.Base)}
	case reason == "":
		return 0, fmt.Errorf("--server: %s answers %d", c.Base, status)
	case status >= 400 && status < 500, status == http.StatusNotImplemented:
		return 0, &MistakeError{"the server refuses: " + reason}
	}
	return 0, fmt.Errorf("the server answers: %s", reason)
}

func retryAfter(header string) time.Duration {
	seconds, _ := strconv.Atoi(header)
	return time.Duration(min(max(seconds, 1), int(maxRetryAfter/time.Second))) * time.Second
}
