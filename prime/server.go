package prime

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Server is where the admin listener of a server is.
type Server struct {
	base   string // of URLs
	socket string // its path, if it is one
}

// UnmarshalText reads a URL such as http://127.0.0.1:8081, or unix:/PATH.
func (s *Server) UnmarshalText(text []byte) error {
	if path, ok := strings.CutPrefix(string(text), "unix:"); ok && path != "" {
		*s = Server{"http://localhost", path}
		return nil
	}
	base, err := parseBase(string(text))
	*s = Server{base: base}
	return err
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

// parseBase checks the URL of a server.
func parseBase(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is neither of the form http://127.0.0.1:8081 nor unix:/PATH", text)
	}
	return u.Scheme + "://" + u.Host, nil
}
