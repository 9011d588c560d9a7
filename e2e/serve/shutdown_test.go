package serve

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// On SIGTERM, running requests are finished, new connections are refused, and the exit
// status is 0.
func TestShutdownFinishesWhatRuns(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}), make(chan struct{})
	photo := e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", "cat.jpg"))
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
	s := e2e.Serve(t, "--source", "/=s3://pictures?region=us-east-1&endpoint="+slow.URL, "--cache", t.TempDir())
	answers := make(chan e2e.Response, 1)
	go func() {
		r, err := e2e.Do(http.MethodGet, s.URL+"/300x/slow.jpg")
		if err != nil {
			t.Error(err)
		}
		answers <- r
	}()
	<-asked
	s.Terminate(t)
	s.Log.AwaitText(t, "msg=stopping")
	for refused := false; !refused; {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if refused = err != nil; !refused {
			c.Close()
		}
	}
	// Probes see until the end that no more requests should come.
	if r := e2e.Get(t, s.Admin+"/readyz"); r.Status != http.StatusServiceUnavailable || !strings.Contains(string(r.Body), `"draining":true`) {
		t.Errorf("/readyz: %d %s", r.Status, r.Body)
	}
	close(release)
	e2e.WantPicture(t, <-answers, 300, 375, "jpeg")
	if err := <-s.Done; err != nil {
		t.Errorf("exit: %v", err)
	}
}

// A unix socket that a dead process left does not prevent a new one from listening there.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "thumbery.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	s := e2e.Start(t, "--listen", "unix:"+path, "--admin", "127.0.0.1:0", "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	s.Log.AwaitText(t, "address="+path)
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
	t.Parallel()
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
	s := e2e.StartCommand(t, []string{
		"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=thumbery.socket exec "$0" "$@"`, e2e.Binary,
		"serve", "--listen", "127.0.0.1:1", "--admin", "", "--source", "/=file:" + e2e.Testdata(t), "--cache", t.TempDir(),
	}, socket)
	s.Log.AwaitText(t, "msg=listening")
	e2e.WantPicture(t, e2e.Get(t, url+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")
	s.Stop(t)
	if _, err := os.Stat("/proc/self"); err == nil && strings.Contains(s.Log.String(), "127.0.0.1:1 ") {
		t.Error("it listens at --listen, too")
	}
}
