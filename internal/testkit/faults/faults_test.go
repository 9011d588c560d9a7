package faults

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var picture = bytes.Repeat([]byte("0123456789"), 3_000)

// start starts a proxy in front of a server that answers like S3, and returns a client.
func start(t *testing.T) (*Proxy, func() (*http.Response, []byte, error)) {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("X-Host", r.Host)
		w.Write(picture)
	}))
	t.Cleanup(upstream.Close)
	p := Start(t, strings.TrimPrefix(upstream.URL, "http://"))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return p, func() (*http.Response, []byte, error) {
		resp, err := client.Get("http://" + p.Address + "/bucket/key")
		if err != nil {
			return nil, nil, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp, body, err
	}
}

func TestFaults(t *testing.T) {
	p, ask := start(t)
	for _, tt := range []struct {
		fault  Fault
		status int
		text   string
		length int // of the body
		err    error
	}{
		{None, 200, "", len(picture), nil},
		{InternalError, 500, "<Code>InternalError</Code>", 0, nil},
		{SlowDown, 503, "<Code>SlowDown</Code>", 0, nil},
		{TimeSkewed, 403, "<Code>RequestTimeTooSkewed</Code>", 0, nil},
		{NotFoundPage, 404, "<!doctype html>", 0, nil},
		{CutBody, 200, "", len(picture) / 2, io.ErrUnexpectedEOF},
		{LongerLength, 200, "", len(picture), io.ErrUnexpectedEOF},
		{ShorterLength, 200, "", len(picture) * 3 / 4, nil},
		{SlowBody, 200, "", len(picture), nil},
		{None, 200, "", len(picture), nil},
	} {
		p.Set(tt.fault)
		resp, body, err := ask()
		if err != nil && resp == nil {
			t.Errorf("%v: %v", tt.fault, err)
			continue
		}
		if resp.StatusCode != tt.status || !errors.Is(err, tt.err) || !bytes.Contains(body, []byte(tt.text)) {
			t.Errorf("%v: %d, %v: %.100s", tt.fault, resp.StatusCode, err, body)
		}
		if tt.length > 0 && !bytes.Equal(body, picture[:tt.length]) {
			t.Errorf("%v: %d bytes, want the first %d", tt.fault, len(body), tt.length)
		}
		if tt.status == 200 && (resp.Header.Get("ETag") != `"1"` || resp.Header.Get("X-Host") != p.Address) {
			t.Errorf("%v: %v", tt.fault, resp.Header)
		}
	}
}

// A body that stalls is cut when the fault ends.
func TestStalledBody(t *testing.T) {
	p, _ := start(t)
	p.Set(StalledBody)
	resp, err := http.Get("http://" + p.Address + "/bucket/key")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	half := make([]byte, len(picture)/2)
	if _, err := io.ReadFull(resp.Body, half); err != nil || !bytes.Equal(half, picture[:len(half)]) {
		t.Errorf("the first half does not come: %v", err)
	}
	p.Set(None)
	if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("then %d bytes come, %v", len(rest), err)
	}
}

// The same seed gives the same mixture, which contains every fault.
func TestMix(t *testing.T) {
	p, _ := start(t)
	var rounds [2][200]Fault
	for round := range rounds {
		p.Mix(7, All()...)
		for i := range rounds[round] {
			rounds[round][i], _ = p.pick()
		}
	}
	if rounds[0] != rounds[1] {
		t.Error("the same seed gives another mixture")
	}
	seen := map[Fault]bool{}
	for _, f := range rounds[0] {
		seen[f] = true
	}
	for _, f := range All() {
		if !seen[f] || f.String() == "" {
			t.Errorf("%d %q does not occur", f, f)
		}
	}
}
