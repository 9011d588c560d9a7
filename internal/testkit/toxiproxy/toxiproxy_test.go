package toxiproxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The effect of each fault on a GET of 100 kB.
func TestProxy(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 10_000)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(body)
	}))
	t.Cleanup(upstream.Close)
	p := Start(t).New(t, "upstream", strings.TrimPrefix(upstream.URL, "http://"))
	wantWhole := func(what string) {
		t.Helper()
		if got, err := get(p); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes, %v", what, len(got), err)
		}
	}
	wantWhole("at first")

	must(t, p.Down())
	if _, err := get(p); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("down: %v", err)
	}
	must(t, p.AddToxic(LimitData(50_000), Lingerless()))
	must(t, p.Up())
	if got, err := get(p); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset in the body: %d bytes, %v", len(got), err)
	}
	must(t, p.Clear())
	wantWhole("after a reset")

	for _, tt := range []struct {
		toxic Toxic
		err   error
	}{
		{LimitData(50_000), io.ErrUnexpectedEOF},
		{ResetPeer(1), syscall.ECONNRESET},
		{Latency(5), nil},
		{Bandwidth(10_000), nil},
		{Slicer(5_000, 10), nil},
	} {
		must(t, p.AddToxic(tt.toxic))
		if got, err := get(p); !errors.Is(err, tt.err) || err == nil && !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes, %v", tt.toxic.kind, len(got), err)
		}
		must(t, p.Clear())
		wantWhole("after " + tt.toxic.kind)
	}

	// The connection may be closed before or after the request is sent, which gives
	// different errors.
	must(t, p.AddToxic(Timeout(1)))
	if got, err := get(p); err == nil {
		t.Errorf("timeout: %d bytes", len(got))
	}
	must(t, p.Clear())
	wantWhole("after a timeout")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// get sends a request on a connection of its own.
func get(p *Proxy) ([]byte, error) {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
	}, Timeout: 30 * time.Second}
	resp, err := client.Get("http://" + p.Address)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
