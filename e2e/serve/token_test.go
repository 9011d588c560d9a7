package serve

import (
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// With a token, the admin listener may be within reach of others: those who do not have it
// learn only whether the server is well. Our own commands send it.
func TestAdminToken(t *testing.T) {
	t.Parallel()
	const token = "a-token-for-the-tests-0123456789"
	s := e2e.Serve(t, "--admin", ":0", "--admin-token", token, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	for _, path := range []string{"/metrics", "/switches", "/cache", "/debug/pprof/", "/none"} {
		if r := e2e.Get(t, s.Admin+path); r.Status != http.StatusUnauthorized || r.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s without the token: %d %v", path, r.Status, r.Header)
		}
	}
	if r := e2e.Get(t, s.Admin+"/readyz"); r.Status != 200 || strings.Contains(string(r.Body), "cache") {
		t.Errorf("/readyz: %d %s", r.Status, r.Body)
	}
	if r := e2e.Ask(t, http.MethodDelete, s.Admin+"/cache/photos/cat.jpg", "Authorization", "Bearer "+token); r.Status != 200 {
		t.Errorf("with the token: %d %s", r.Status, r.Body)
	}
	for _, given := range []string{"", token} {
		cmd := exec.Command(e2e.Binary, "prime", "--server", s.Admin, "--ops", "60x")
		cmd.Stdin = strings.NewReader("odd/gray.jpg\n")
		cmd.Env = append(cmd.Environ(), "THUMBERY_ADMIN_TOKEN="+given)
		if out, err := cmd.CombinedOutput(); (err == nil) != (given != "") || err != nil && !strings.Contains(string(out), "give --admin-token, or set THUMBERY_ADMIN_TOKEN") {
			t.Errorf("prime with the token %q: %v\n%s", given, err, out)
		}
	}
	if strings.Contains(s.Log.String(), token) {
		t.Errorf("the token is in the log: %s", s.Log)
	}
}

// health asks the server that the same settings have started.
func TestHealth(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "admin.sock")
	s := e2e.Start(t, "--listen", "127.0.0.1:0", "--admin", "unix:"+socket, "--drain", "1h", "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	s.Log.AwaitText(t, "address="+socket)
	health := func(want string, args ...string) {
		t.Helper()
		cmd := exec.Command(e2e.Binary, append([]string{"health"}, args...)...)
		cmd.Env = append(cmd.Environ(), "THUMBERY_ADMIN=unix:"+socket)
		out, err := cmd.CombinedOutput()
		if text := string(out); !strings.Contains(text, want) || strings.Count(text, "\n") != 1 || (err == nil) != (want == "ok") || cmd.ProcessState.ExitCode() > 1 {
			t.Errorf("health %v: %v: %s", args, err, text)
		}
	}
	health("ok")
	health("ok", "--ready")
	health("connection refused", "--admin", "127.0.0.1:1")
	s.Terminate(t)
	s.Log.AwaitText(t, "msg=stopping")
	health("ok")
	health("the server is stopping", "--ready")
	s.EndNow(t)
	health(socket)
}

// Sockets of systemd are held to the same rule.
func TestExposedSocket(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=admin exec "$0" "$@"`, e2e.Binary,
		"serve", "--listen", "127.0.0.1:0", "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	cmd.ExtraFiles = append(cmd.ExtraFiles, socket)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "THUMBERY_ADMIN_TOKEN") || strings.Contains(string(out), "msg=listening") {
		t.Errorf("%v\n%s", err, out)
	}
}
