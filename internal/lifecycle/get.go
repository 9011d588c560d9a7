package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

const (
	// maxProbed is how much of an answer is part of an error, in bytes.
	maxProbed = 2 << 10
	// maxGot bounds the answers of Get, in bytes.
	maxGot = 1 << 20
	// maxShown is how much of a path is part of an error, in bytes.
	maxShown = 100
)

// Get asks a server of this machine, which Listen has opened at address, for a path, and
// sends the token, if that is not "", and headers. One that listens at all addresses is reached
// by the loopback interface. It returns the body. The error says, in one line, why the answer is
// not 200, or that it has more than 1 MiB.
func Get(ctx context.Context, address, path, token string, h http.Header) ([]byte, error) {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		network, address := networkOf(address)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range h {
		req.Header[name] = values
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := transport.RoundTrip(req)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", address, context.Cause(ctx))
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT):
		return nil, fmt.Errorf("no server listens at %s: is it running, and has it the same --admin? (%w)", address, err)
	case err != nil:
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(res.Body, maxGot+1))
		if len(body) > maxGot {
			return nil, fmt.Errorf("%s: %s has more than %d bytes", address, path, maxGot)
		}
		return body, err
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxProbed)) // the status says enough
	return nil, refusal(address, path, token, res.Status, body)
}

// refusal says why an answer is not 200.
func refusal(address, path, token, status string, body []byte) error {
	switch reason := reasonOf(body); {
	case strings.HasPrefix(status, "401 ") && token == "":
		return fmt.Errorf("%s asks for its admin token: give --admin-token, or set THUMBERY_ADMIN_TOKEN, as for the server", address)
	case strings.HasPrefix(status, "401 "):
		return fmt.Errorf("%s has another admin token: --admin-token or THUMBERY_ADMIN_TOKEN must be as for the server", address)
	case reason != "":
		return fmt.Errorf("%s: %s", address, reason)
	default:
		if len(path) > maxShown {
			path = path[:maxShown] + "…"
		}
		return fmt.Errorf("%s: %s is %s", address, path, status)
	}
}

// reasonOf is what the admin listener's JSON says of a failure, or another server's text.
func reasonOf(body []byte) string {
	var answer struct {
		Error    string
		Draining bool
		Checks   []struct {
			Name, Error string
			OK          bool
		}
	}
	if json.Unmarshal(body, &answer) != nil {
		return strings.Join(strings.Fields(string(body)), " ")
	}
	reasons := []string{}
	if answer.Error != "" {
		reasons = append(reasons, answer.Error)
	}
	if answer.Draining {
		reasons = append(reasons, "the server is stopping")
	}
	for _, c := range answer.Checks {
		if !c.OK {
			reasons = append(reasons, c.Name+": "+c.Error)
		}
	}
	return strings.Join(reasons, "; ")
}
