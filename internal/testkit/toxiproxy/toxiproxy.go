// Package toxiproxy starts a Shopify/toxiproxy, which stands between a client
// and a server and spoils their connections: https://github.com/Shopify/toxiproxy.
package toxiproxy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Tool is the toxiproxy server that tools/toxiproxy.mod pins.
func Tool() pinned.Tool {
	const module = "github.com/Shopify/toxiproxy/v2"
	return pinned.Tool{Name: "toxiproxy", Module: module, Package: module + "/cmd/server"}
}

// callLimit bounds a call of its API.
const callLimit = 30 * time.Second

// Server is a running toxiproxy.
type Server struct {
	api     string // http://127.0.0.1:port
	process *pinned.Process
	client  *http.Client
}

// Start builds toxiproxy if need be, starts it and waits until it answers. It is killed
// when the test ends, and its log is shown if the test failed. In short mode the test is
// skipped.
func Start(t pinned.T) *Server {
	t.Helper()
	binary := Tool().MustBinary(t)
	address := pinned.MustFreeAddress(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	var log pinned.Log
	s := &Server{api: "http://" + address, client: &http.Client{Transport: &http.Transport{}, Timeout: callLimit}}
	s.process, err = pinned.Start(binary, []string{"-host", host, "-port", port}, []string{"LOG_LEVEL=error"}, &log)
	if err != nil {
		t.Fatalf("start toxiproxy: %v", err)
	}
	t.Cleanup(func() {
		s.process.Kill()
		s.client.CloseIdleConnections()
		if t.Failed() {
			t.Logf("toxiproxy said:\n%s", &log)
		}
	})
	if err := s.process.Await(t.Context(), func(context.Context) error { return s.call(http.MethodGet, "/version", nil) }); err != nil {
		t.Fatalf("toxiproxy does not answer: %v", err)
	}
	return s
}

// call calls the server's API. in, if not nil, is sent as JSON.
func (s *Server) call(method, path string, in any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, s.api+path, body)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("toxiproxy: %s %s: %s: %s", method, path, resp.Status, answer)
	}
	return nil
}
