package api

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// outcomes is an Observer that sends the outcome of each answer.
type outcomes chan string

func (o outcomes) Answered(_ context.Context, a Answer) { o <- a.Outcome }

// A client that leaves is noticed while its derivative is being made, whatever part of a
// body it has sent. A request whose body does not arrive starts no work.
func TestLeavingIsNoticed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header, body string
		works              bool
		outcome            string
	}{
		{"no body", "", "", true, "client-gone"},
		{"an empty body", "Content-Length: 0\r\n", "", true, "client-gone"},
		{"a body", "Content-Length: 5\r\n", "hello", true, "client-gone"},
		{"a body in chunks", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", true, "client-gone"},
		{"a body that is waited for", "Content-Length: 5\r\nExpect: 100-continue\r\n", "hello", true, "client-gone"},
		{"half a body", "Content-Length: 5\r\n", "he", false, "body"},
		{"no chunk", "Transfer-Encoding: chunked\r\n", "", false, "body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			began, answered := make(chan struct{}, 1), make(outcomes, 1)
			h := newTestServer(func(c *Config) { c.Observer = answered })
			h.resizer.Began, h.resizer.Block = began, make(chan struct{})
			server := httptest.NewServer(h)
			defer server.Close()
			c, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := fmt.Fprintf(c, "GET /40x30/cat.jpg HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s", tt.header, tt.body); err != nil {
				t.Fatal(err)
			}
			if tt.works {
				<-began
			}
			c.Close()
			if outcome := <-answered; outcome != tt.outcome {
				t.Errorf("the answer is %s, want %s", outcome, tt.outcome)
			}
			if len(began) > 0 {
				t.Error("work has begun")
			}
		})
	}
}

// A request that the stopping server cuts off is not one whose client has left.
func TestCutOff(t *testing.T) {
	t.Parallel()
	began, answered := make(chan struct{}, 1), make(outcomes, 1)
	h := newTestServer(func(c *Config) { c.Observer = answered })
	h.resizer.Began, h.resizer.Block = began, make(chan struct{})
	ctx, cutOff := context.WithCancelCause(t.Context())
	res := httptest.NewRecorder()
	go h.ServeHTTP(res, httptest.NewRequestWithContext(ctx, http.MethodGet, "/40x30/cat.jpg", nil))
	<-began
	cutOff(http.ErrServerClosed)
	if outcome := <-answered; outcome != "stopping" || res.Code != http.StatusServiceUnavailable {
		t.Errorf("the answer is %s, %d", outcome, res.Code)
	}
}

// A request body is ignored, unless it is too long.
func TestBodies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		length, status int
		control        string
	}{
		{0, 200, "public, max-age=3600, immutable"},
		{5, 200, "public, max-age=3600, immutable"},
		{maxSkipped, 200, "public, max-age=3600, immutable"},
		{maxSkipped + 1, 413, "no-store"}, // the next one may have none
	} {
		h := newTestServer()
		r := httptest.NewRequest("GET", "/40x30/cat.jpg", strings.NewReader(strings.Repeat("x", tt.length)))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if left, _ := io.Copy(io.Discard, r.Body); w.Code != tt.status || w.Header().Get("Cache-Control") != tt.control || tt.status == 200 && left > 0 {
			t.Errorf("%d bytes: %d, %q, %d are left", tt.length, w.Code, w.Header().Get("Cache-Control"), left)
		}
	}
}
