package frontcache

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Result is what came of a request.
type Result string

const (
	// OK: the cache has purged, by a status of 2xx.
	OK Result = "ok"
	// Busy: 429, too many requests.
	Busy Result = "busy"
	// Failed: 5xx, 408, or no answer.
	Failed Result = "failed"
	// Refused: any other status. The settings or the credentials are wrong.
	Refused Result = "refused"
)

func resultOf(status int) Result {
	switch {
	case status >= 200 && status < 300:
		return OK
	case status == http.StatusTooManyRequests:
		return Busy
	case status >= 500 || status == http.StatusRequestTimeout:
		return Failed
	}
	return Refused
}

const (
	// requestTimeout is for a request and the answer to it.
	requestTimeout = 10 * time.Second
	// idleTimeout is less than those of the caches, so that no request meets a connection
	// that is being closed: Varnish's is 5 seconds.
	idleTimeout    = 3 * time.Second
	maxHeaderBytes = 64 << 10
	// maxAnswer bytes of an answer are read, maxCause logged.
	maxAnswer = 64 << 10
	maxCause  = 500
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

// answer is the answer to a request.
type answer struct {
	result Result
	cause  string        // without secrets; empty if OK
	after  time.Duration // Retry-After; 0 without
}

// send makes one request.
func (c *Cache) send(ctx context.Context, b batch) answer {
	resp, err := c.roundTrip(ctx, b)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the URL, which may have secrets
		}
		return answer{result: Failed, cause: c.clean(err.Error())}
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // the status is the answer
	a := answer{result: resultOf(resp.StatusCode), after: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	if a.result != OK {
		a.cause = c.clean(resp.Status + ": " + string(text))
	}
	return a
}

func (c *Cache) roundTrip(ctx context.Context, b batch) (*http.Response, error) {
	r, body, err := c.form.request(b)
	if err != nil { // it was executed at start without an error
		return nil, err
	}
	if service, region, ok := strings.Cut(c.form.AWS, " "); ok {
		if err := c.config.Sign(r, body, service, region); err != nil {
			return nil, err
		}
	}
	// So net/http repeats it by itself if a connection turns out to be closed.
	r.Header["Idempotency-Key"] = []string{}
	return c.client.Do(r.WithContext(ctx))
}

// clean makes a text fit for the log.
func (c *Cache) clean(text string) string {
	text = c.form.redact(text)
	if len(text) > maxCause {
		text = text[:maxCause] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}

const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
	// refusedPause is between requests that somebody has to look at.
	refusedPause = time.Minute
	// longestRetryAfter is how long a cache may keep us waiting.
	longestRetryAfter = 10 * time.Minute
)

// retryAfter is the time that a header Retry-After asks to wait, in seconds or as a date.
func retryAfter(value string, now time.Time) time.Duration {
	var after time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		after = time.Duration(min(seconds, int(longestRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		after = date.Sub(now)
	}
	return max(0, min(after, longestRetryAfter))
}

// pause is how long to wait after so many failures before this one.
func (a answer) pause(failures int) time.Duration {
	pause := min(firstPause<<min(failures, 9), longestPause) // 100 ms doubled 9 times is more than the longest
	switch a.result {
	case Refused:
		pause = refusedPause
	case Busy:
		pause = max(pause, time.Second)
	}
	pause += rand.N(pause/4 + 1) // so that nodes do not retry in step
	return max(pause, a.after)
}

// warnEvery is how often it is logged that a cache is not purged.
const warnEvery = time.Minute

// report tells of an answer to a request with so many tags.
func (c *Cache) report(a answer, tags int) {
	c.config.Observe(c.Name, a.result)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case a.result == OK && !c.warned.IsZero():
		c.warned = time.Time{}
		c.log.Info("a cache in front is purged again")
	case a.result != OK && time.Since(c.warned) >= warnEvery:
		c.warned = time.Now()
		level := slog.LevelWarn
		if a.result == Refused { // somebody has to do something
			level = slog.LevelError
		}
		c.log.Log(context.Background(), level, "a cache in front may serve what was forgotten: the request to purge it is repeated", "tags", tags, "result", string(a.result), "cause", a.cause)
	}
}
