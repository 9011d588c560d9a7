package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/thumbery/thumbery/prime"
)

// remote has a running server do the work, which lists by itself.
func (c *primeCmd) remote(r *primeReport) (run func(context.Context) error) {
	client := &prime.Client{Base: c.Server.base, HTTP: c.Server.client(), Log: r.log}
	body := prime.Body{Ops: c.Ops, AllPresets: c.PresetAll}
	if c.AllFormats {
		body.Formats = "auto"
	}
	if !c.lists() {
		return func(ctx context.Context) error {
			return client.RunKeys(ctx, body, prime.ReadKeys(os.Stdin, r.leaveOut), r.update)
		}
	}
	prefix := c.prefix()
	body.Prefix = &prefix
	if c.Since > 0 {
		body.Since = time.Duration(c.Since).String()
	}
	return func(ctx context.Context) error { return client.Run(ctx, body, r.update) }
}

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
