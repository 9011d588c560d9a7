package e2e

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// On SIGTERM what is running is finished, new connections are refused, and the
// exit status is 0.
func TestShutdownFinishesWhatRuns(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	photo := read(t, filepath.Join(testdata(t), "photos", "cat.jpg"))
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "slow.jpg") {
			close(asked)
			<-release
		}
		w.Header().Set("Last-Modified", "Fri, 17 May 2024 10:30:00 GMT")
		w.Header().Set("ETag", `"x"`)
		_, _ = w.Write(photo)
	}))
	defer slow.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any-secret")
	s := serve(t, "--source", "/=s3://pictures?region=us-east-1&endpoint="+slow.URL, "--cache", t.TempDir())
	answers := make(chan response, 1)
	go func() {
		r, err := do(http.MethodGet, s.url+"/300x/slow.jpg")
		if err != nil {
			t.Error(err)
		}
		answers <- r
	}()
	<-asked
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.log.waitForText(t, "msg=stopping")
	for refused := false; !refused; {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if refused = err != nil; !refused {
			c.Close()
		}
	}
	close(release)
	wantPicture(t, <-answers, 300, 375, "jpeg")
	if err := <-s.done; err != nil {
		t.Errorf("exit: %v", err)
	}
}

// A unix socket left by a process that died does not keep a new one from
// starting there.
func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "thumbery.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	s := start(t, "--listen", "unix:"+path, "--admin", "127.0.0.1:0", "--source", "/=file:"+testdata(t), "--cache", t.TempDir())
	s.log.waitForText(t, "address="+path)
	unix := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", path)
	}}}
	res, err := unix.Get("http://thumbery/300x200/photos/cat.jpg")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Error(res.Status)
	}
}

// Sockets that systemd has opened are used instead of --listen.
func TestSocketActivation(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	url := "http://" + l.Addr().String()
	l.Close()
	// The process that LISTEN_PID names must be the one that takes them: the
	// shell becomes it.
	s := startCommand(t, []string{
		"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=thumbery.socket exec "$0" "$@"`, binary,
		"serve", "--listen", "127.0.0.1:1", "--admin", "", "--source", "/=file:" + testdata(t), "--cache", t.TempDir(),
	}, socket)
	s.log.waitForText(t, "msg=listening")
	wantPicture(t, get(t, url+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")
	s.stop(t)
	if _, err := os.Stat("/proc/self"); err == nil && strings.Contains(s.log.String(), "127.0.0.1:1 ") {
		t.Error("it listens at --listen, too")
	}
}
