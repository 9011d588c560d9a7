package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// connections is how many a client keeps.
const connections = 64

// client asks a server.
type client struct {
	url  string // http://host:port
	http *http.Client
}

func newClient(url string) *client {
	return &client{url, &http.Client{
		Transport: &http.Transport{DisableCompression: true, MaxIdleConns: connections, MaxIdleConnsPerHost: connections},
		Timeout:   5 * time.Minute,
	}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// do asks and reads the answer whole. accept is a header; "" is none.
func (c *client) do(ctx context.Context, method, path, accept, body string) (a outage.Answer) {
	began := time.Now()
	defer func() { a.Took = time.Since(began) }()
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return outage.Answer{Err: err}
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return outage.Answer{Err: err}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return outage.Answer{Err: err}
	}
	return outage.Answer{Status: resp.StatusCode, Header: resp.Header, Body: data}
}

func (c *client) get(ctx context.Context, path string) outage.Answer {
	return c.do(ctx, http.MethodGet, path, "", "")
}

// unexpected says what came in place of what was wanted.
func unexpected(a outage.Answer) error {
	if a.Err != nil {
		return a.Err
	}
	return fmt.Errorf("answered with %d %.300s", a.Status, a.Body)
}

// picture is get, where all but a picture is an error.
func (c *client) picture(ctx context.Context, path, accept string) (outage.Answer, error) {
	a := c.do(ctx, http.MethodGet, path, accept, "")
	if a.Err != nil || a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "image/") {
		return a, fmt.Errorf("%s: %w", path, unexpected(a))
	}
	return a, nil
}

// decoded asks for JSON. The status is to be as wanted.
func (c *client) decoded(ctx context.Context, method, path, body string, status int, into any) error {
	a := c.do(ctx, method, path, "", body)
	if a.Err != nil || a.Status != status {
		return fmt.Errorf("%s %s: %w", method, path, unexpected(a))
	}
	return json.Unmarshal(a.Body, into)
}

// pictures asks for all paths in their order, so many at once.
func (c *client) pictures(ctx context.Context, paths []string, atOnce int) (took *outage.Took, all time.Duration, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took = &outage.Took{}
	next := make(chan string)
	var workers sync.WaitGroup
	began := time.Now()
	for range atOnce {
		workers.Go(func() {
			for path := range next {
				a, err := c.picture(ctx, path, "")
				if err != nil {
					cancel(err)
				}
				took.Add(a)
			}
		})
	}
	for _, path := range paths {
		next <- path
	}
	close(next)
	workers.Wait()
	return took, time.Since(began), context.Cause(ctx)
}

// counted is the sum of a counter of /metrics whose labels have all of these parts.
func (s *server) counted(ctx context.Context, name string, labels ...string) (float64, error) {
	a := s.admin.get(ctx, "/metrics")
	if a.Err != nil || a.Status != http.StatusOK {
		return 0, fmt.Errorf("/metrics: %w", unexpected(a))
	}
	return sumOf(string(a.Body), name, labels...)
}

func sumOf(metrics, name string, labels ...string) (sum float64, err error) {
lines:
	for line := range strings.SplitSeq(metrics, "\n") {
		series, value, _ := strings.Cut(line, " ")
		found, rest, _ := strings.Cut(series, "{")
		if found != name {
			continue
		}
		for _, label := range labels {
			if !strings.Contains(rest, label) {
				continue lines
			}
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("/metrics: %q: %w", line, err)
		}
		sum += n
	}
	return sum, nil
}

// idle waits until the server does nothing any more, and returns the CPU time that
// it has used so far.
func (s *server) idle(ctx context.Context) (time.Duration, error) {
	const every, still = 250 * time.Millisecond, 10 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := time.Duration(-1); ; {
		used, err := program.CPU(s.PID())
		if err != nil || last >= 0 && used-last <= still {
			return used, err
		}
		last = used
		select {
		case <-tick.C:
		case <-ctx.Done():
			return used, ctx.Err()
		}
	}
}
