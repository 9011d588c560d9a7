package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/api/admin"
)

const (
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 1 << 20
	// maxRetryAfter bounds what a server may have us wait.
	maxRetryAfter = time.Minute
)

// serverFlag is where the admin listener of a server is.
type serverFlag struct {
	base   string // of URLs
	socket string // its path, if it is one
}

func (s *serverFlag) UnmarshalText(text []byte) error {
	if path, ok := strings.CutPrefix(string(text), "unix:"); ok && path != "" {
		*s = serverFlag{"http://localhost", path}
		return nil
	}
	base, err := parseBase(string(text))
	*s = serverFlag{base: base}
	return err
}

// name is how it was given.
func (s serverFlag) name() string {
	if s.socket != "" {
		return "unix:" + s.socket
	}
	return s.base
}

// client speaks to that server only.
func (s serverFlag) client() *http.Client {
	t := &http.Transport{DisableCompression: true}
	if s.socket != "" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
		}
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// parseBase checks the URL of a server.
func parseBase(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is neither of the form http://127.0.0.1:8081 nor unix:/PATH", text)
	}
	return u.Scheme + "://" + u.Host, nil
}

// answer is what the admin listener answers with.
type answer struct {
	admin.JobStatus
	Error string `json:"error"`
	Kind  string `json:"kind"`

	status     int
	retryAfter time.Duration
}

func (m *remote) ask(ctx context.Context, method, path string, body []byte, limit time.Duration) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, m.base+path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	res, err := m.client.Do(req)
	if err != nil {
		return a, fmt.Errorf("--server: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return a, fmt.Errorf("--server: %w", err)
	}
	err = json.Unmarshal(data, &a)
	a.status, a.retryAfter = res.StatusCode, retryAfter(res.Header.Get("Retry-After"))
	if err != nil && (a.status == http.StatusOK || a.status == http.StatusAccepted) {
		return a, fmt.Errorf("--server: the answer to %s %s makes no sense: %w", method, path, err)
	}
	return a, nil // any other status tells enough without JSON
}

func retryAfter(header string) time.Duration {
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 1 {
		seconds = 1
	}
	return min(time.Duration(min(seconds, 3600))*time.Second, maxRetryAfter)
}

// refusal says what the server does not like, and whose mistake it is.
func (a answer) refusal(base string) error {
	reason := shortened(a.Error, maxErrorBytes)
	switch {
	case a.status == http.StatusNotFound, a.status == http.StatusMethodNotAllowed:
		return usage(fmt.Errorf("--server: %s has no /prime: is it the --admin of a thumbery?", base))
	case reason == "":
		return fmt.Errorf("--server: %s answers %d", base, a.status)
	case a.status >= 400 && a.status < 500, a.status == http.StatusNotImplemented:
		return usage(fmt.Errorf("the server refuses: %s", reason))
	}
	return fmt.Errorf("the server answers: %s", reason)
}
