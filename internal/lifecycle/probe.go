package lifecycle

import (
	"context"
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
)

// Probe is Get for those who only want to know whether the answer is 200.
func Probe(ctx context.Context, address, path, token string) error {
	_, err := Get(ctx, address, path, token, nil)
	return err
}

// Get asks a server of this machine, which Listen has opened at address, for a path, and
// sends the token, if that is not "", and headers. One that listens at all addresses is reached
// by the loopback interface. It returns the body, of at most 1 MiB. The error says, in one line,
// why the answer is not 200.
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
		return io.ReadAll(io.LimitReader(res.Body, maxGot))
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxProbed)) // the status says enough
	return nil, fmt.Errorf("%s: %s is %s: %s", address, path, res.Status, strings.Join(strings.Fields(string(body)), " "))
}
