package lifecycle

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// probe is Get for its error.
func probe(ctx context.Context, address, path, token string) error {
	_, err := Get(ctx, address, path, token, nil)
	return err
}

// Get reaches a server by whatever address that listens at, and says what is wrong.
func TestGet(t *testing.T) {
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
		if err := probe(t.Context(), address, "/healthz", "token"); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		err = probe(t.Context(), address, "/readyz", "")
		if err == nil || !strings.HasPrefix(err.Error(), address+": { bad } xxx") || len(err.Error()) > 3000 {
			t.Errorf("%s: %v", address, err)
		}
	}
	gone := filepath.Join(t.TempDir(), "gone.sock")
	if err := probe(t.Context(), "unix:"+gone, "/", ""); err == nil || !strings.HasPrefix(err.Error(), "no server listens at unix:"+gone+": is it running") {
		t.Errorf("where nothing listens: %v", err)
	}
}

// An answer that is too long is an error, and not cut.
func TestGetIsWhole(t *testing.T) {
	t.Parallel()
	for size, whole := range map[int]bool{0: true, maxGot: true, maxGot + 1: false, 2 * maxGot: false} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", size))
		}))
		defer s.Close()
		body, err := Get(t.Context(), s.Listener.Addr().String(), "/", "", nil)
		if (err == nil) != whole || whole && len(body) != size || !whole && !strings.Contains(err.Error(), "has more than 1048576 bytes") {
			t.Errorf("%d bytes: %d, %v", size, len(body), err)
		}
	}
}

// A server that says nothing is given up with the context, and its cause is the error.
func TestGetTimeout(t *testing.T) {
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
	if err := probe(ctx, l.Addr().String(), "/", ""); !errors.Is(err, late) {
		t.Errorf("%v", err)
	}
}

// A refusal is a sentence, and says what to do.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ path, token, status, body, want string }{
		{"/explain/1x/a", "", "401 Unauthorized", `{"error": "Bearer"}`, "a:1 asks for its admin token: give --admin-token, or set THUMBERY_ADMIN_TOKEN, as for the server"},
		{"/explain/1x/a", "wrong", "401 Unauthorized", `{"error": "Bearer"}`, "a:1 has another admin token: --admin-token or THUMBERY_ADMIN_TOKEN must be as for the server"},
		{"/explain/1x/a", "", "503 Service Unavailable", `{"error": "too many explanations at once: try again in a moment"}`, "a:1: too many explanations at once: try again in a moment"},
		{"/readyz", "", "503 Service Unavailable", `{"ready": false, "checks": [{"name": "cache", "ok": false, "error": "disk full"}, {"name": "b", "ok": true}, {"name": "s3", "error": "gone"}]}`, "a:1: cache: disk full; s3: gone"},
		{"/readyz", "", "503 Service Unavailable", `{"draining": true}`, "a:1: the server is stopping"},
		{"/readyz", "", "503 Service Unavailable", `{"ready": false}`, "a:1: /readyz is 503 Service Unavailable"},
		{"/explain/" + strings.Repeat("a", 5000), "", "414 Request URI Too Long", "", "a:1: /explain/" + strings.Repeat("a", 91) + "…" + " is 414 Request URI Too Long"},
		{"/explain/" + strings.Repeat("a", 5000), "", "414 Request URI Too Long", `{"error": "too long"}`, "a:1: too long"},
	} {
		if err := refusal("a:1", tt.path, tt.token, tt.status, []byte(tt.body)); err.Error() != tt.want {
			t.Errorf("%.30s, %s: %v", tt.path, tt.body, err)
		}
	}
}
