package lifecycle

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// Probe reaches a server by whatever address that listens at, and says what is wrong.
func TestProbe(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "admin.sock")
	for _, address := range []string{"127.0.0.1:0", ":0", "unix:" + socket} {
		l, err := Listen("127.0.0.1:0", address)
		if err != nil {
			t.Fatal(err)
		}
		l.Public[0].Close()
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" || r.Host != "localhost" || r.Header.Get("Authorization") != "Bearer token" {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = io.WriteString(w, "{\n  bad\n}\n"+strings.Repeat("x", 1<<20))
			}
		})}
		go s.Serve(l.Admin[0])
		defer s.Close()
		if tcp, ok := l.Admin[0].Addr().(*net.TCPAddr); ok {
			host, _, _ := net.SplitHostPort(address)
			address = net.JoinHostPort(host, strings.TrimPrefix((&net.TCPAddr{Port: tcp.Port}).String(), ":"))
		}
		if err := Probe(t.Context(), address, "/healthz", "token"); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		err = Probe(t.Context(), address, "/readyz", "")
		if err == nil || !strings.HasPrefix(err.Error(), address+": /readyz is 503 Service Unavailable: { bad } xxx") || len(err.Error()) > 3000 {
			t.Errorf("%s: %v", address, err)
		}
	}
	gone := filepath.Join(t.TempDir(), "gone.sock")
	if err := Probe(t.Context(), "unix:"+gone, "/", ""); err == nil || !strings.HasPrefix(err.Error(), "no server listens at unix:"+gone+": is it running") {
		t.Errorf("where nothing listens: %v", err)
	}
}

// A server that says nothing is given up with the context, and its cause is the error.
func TestProbeTimeout(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	late := errors.New("no answer in time")
	go func() {
		c, err := l.Accept()
		if err == nil {
			defer c.Close()
		}
		cancel(late)
	}()
	if err := Probe(ctx, l.Addr().String(), "/", ""); !errors.Is(err, late) {
		t.Errorf("%v", err)
	}
}
