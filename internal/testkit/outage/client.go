package outage

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Answer is the answer to a request.
type Answer struct {
	Status int // 0 if none came whole
	Header http.Header
	Body   []byte
	Took   time.Duration
	Err    error // why none came
}

// Client sends requests to a Thumbery.
type Client struct {
	URL  string // http://host:port
	http *http.Client
}

// NewClient returns a client that keeps so many idle connections.
func NewClient(url string, connections int) *Client {
	return &Client{URL: url, http: &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConns: connections, MaxIdleConnsPerHost: connections},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Get requests a path and reads the whole answer.
func (c *Client) Get(ctx context.Context, path string) Answer {
	began := time.Now()
	a := c.get(ctx, path)
	a.Took = time.Since(began)
	if a.Err != nil {
		a.Status = 0
	}
	return a
}

func (c *Client) get(ctx context.Context, path string) Answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+path, nil)
	if err != nil {
		return Answer{Err: err}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Err: err}
}

// Gauges reads metrics without labels from the admin listener, by name.
func (c *Client) Gauges(ctx context.Context, names ...string) ([]float64, error) {
	a := c.Get(ctx, "/metrics")
	if a.Err != nil {
		return nil, a.Err
	}
	values := make([]float64, len(names))
	for i, name := range names {
		_, rest, found := strings.Cut("\n"+string(a.Body), "\n"+name+" ")
		text, _, _ := strings.Cut(rest, "\n")
		var err error
		if values[i], err = strconv.ParseFloat(text, 64); err != nil || !found {
			return nil, fmt.Errorf("/metrics has no %s: %.300s", name, a.Body)
		}
	}
	return values, nil
}

// Request is a request for a picture, with what is known of the answer.
type Request struct {
	Path          string
	Number        int
	Width, Height int
	Sum           string // of the body; if it is known, nothing else has to be
}

// Sized is the request for a picture in a size, with more options or "".
func Sized(n, width, height int, options string) Request {
	return Request{Path: fmt.Sprintf("/%dx%d%s/%s", width, height, options, Key(n)), Number: n, Width: width, Height: height}
}

// Check returns what is wrong with an answer: a picture that is truncated, another one, or
// of another size; or an error that allows caching, or, with 503, has no Retry-After.
func (w Request) Check(a Answer) error {
	switch {
	case a.Err != nil:
		return fmt.Errorf("%s: %w", w.Path, a.Err)
	case a.Status != http.StatusOK:
		return w.checkRefusal(a)
	case w.Sum != "":
		if sum(a.Body) != w.Sum {
			return fmt.Errorf("%s: other bytes than before, %d of them", w.Path, len(a.Body))
		}
		return nil
	}
	n, width, height, err := Number(a.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", w.Path, err)
	case n != w.Number || width != w.Width || height != w.Height:
		return fmt.Errorf("%s: number %d of %dx%d, want %d of %dx%d", w.Path, n, width, height, w.Number, w.Width, w.Height)
	}
	return nil
}

func (w Request) checkRefusal(a Answer) error {
	switch {
	case a.Header.Get("Cache-Control") != "no-store" && a.Status >= 500:
		return fmt.Errorf("%s: %d with Cache-Control %q", w.Path, a.Status, a.Header.Get("Cache-Control"))
	case a.Header.Get("Retry-After") == "" && a.Status == http.StatusServiceUnavailable:
		return fmt.Errorf("%s: 503 without Retry-After", w.Path)
	}
	return nil
}

func sum(body []byte) string {
	s := sha256.Sum256(body)
	return string(s[:])
}
