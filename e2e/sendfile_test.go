package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// With --sendfile-header the path of the file is in that header, percent-encoded
// as lighttpd and mod_xsendfile want it.
func TestSendfileHeader(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "with space & 100%")
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache, "--sendfile-header", "x-sendfile")
	const path = "/300x200/photos/cat.jpg"
	whole := get(t, s.url+path, "X-Thumbery-No-Accel", "1")
	wantPicture(t, whole, 300, 200, "jpeg")
	if whole.header.Get("ETag") != "" {
		t.Errorf("a tag of our own: %v", whole.header)
	}
	for range 2 {
		r := get(t, s.url+path)
		value := r.header.Get("X-Sendfile")
		if r.status != 200 || len(r.body) != 0 || r.header.Get("Content-Type") != "image/jpeg" || !strings.Contains(value, "with%20space%20&%20100%25/derivatives/") {
			t.Errorf("status %d, %d bytes, %q", r.status, len(r.body), value)
		}
		if !bytes.Equal(read(t, unescape(t, value)), whole.body) {
			t.Error("the file is not the picture")
		}
	}
	wantProblem(t, "an error", get(t, s.url+"/300x/photos/none.jpg"), 404, "not-found", "")
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	path, err := url.PathUnescape(s)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A real lighttpd sends the file that Thumbery names.
func TestLighttpd(t *testing.T) {
	program := lighttpdProgram(t)
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache, "--sendfile-header", "X-Sendfile")
	front := lighttpd(t, program, s, cache, nil)
	const path = "/300x200,f_auto/photos/cat.jpg"
	for range 2 {
		r := get(t, front+path)
		wantPicture(t, r, 300, 200, "jpeg")
		if got := r.header.Get("Vary"); got != "Accept, Save-Data" {
			t.Errorf("Vary %q", got)
		}
		if r.header.Get("X-Sendfile") != "" {
			t.Error("the client sees the path")
		}
		part := get(t, front+path, "Range", "bytes=10-19")
		if part.status != http.StatusPartialContent || !bytes.Equal(part.body, r.body[10:20]) {
			t.Errorf("range: %d, %d bytes", part.status, len(part.body))
		}
		if head := ask(t, http.MethodHead, front+path); head.status != 200 || head.header.Get("Content-Length") != strconv.Itoa(len(r.body)) {
			t.Errorf("HEAD: %d %v", head.status, head.header)
		}
	}
	wantProblem(t, "an error through lighttpd", get(t, front+"/300x/photos/none.jpg"), 404, "not-found", "")
}

// lighttpdProgram finds it, or skips the test.
func lighttpdProgram(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("lighttpd")
	if err != nil {
		program = "/usr/sbin/lighttpd"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("there is no lighttpd; install it with: apt-get install lighttpd")
	}
	return program
}

// lighttpd starts deploy/lighttpd.conf, with what edit does to it if that is not nil,
// in front of s and returns its URL.
func lighttpd(t *testing.T, program string, s *server, cache string, edit func(string) string) string {
	t.Helper()
	address := freeAddress(t)
	host, port, _ := strings.Cut(address, ":")
	thumberyHost, thumberyPort, _ := strings.Cut(strings.TrimPrefix(s.url, "http://"), ":")
	conf := string(read(t, "../deploy/lighttpd.conf"))
	for _, change := range [][2]string{
		{`"host" => "127.0.0.1", "port" => 8080`, fmt.Sprintf(`"host" => "%s", "port" => %s`, thumberyHost, thumberyPort)},
		{`"/var/cache/thumbery"`, `"` + cache + `"`},
	} {
		if strings.Count(conf, change[0]) != 1 {
			t.Fatalf("deploy/lighttpd.conf has not exactly one %q", change[0])
		}
		conf = strings.Replace(conf, change[0], change[1], 1)
	}
	if edit != nil {
		conf = edit(conf)
	}
	dir := t.TempDir()
	conf = fmt.Sprintf("server.document-root = %q\nserver.bind = %q\nserver.port = %s\n", dir, host, port) + conf
	file := filepath.Join(dir, "lighttpd.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-D", "-f", file)
	log := &logBuffer{lines: make(chan string)}
	cmd.Stderr = log
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have gone already
		_ = cmd.Wait()                          // how it ended does not matter any more
		if t.Failed() {
			t.Logf("lighttpd:\n%s", log)
		}
	})
	waitForPort(t, address)
	return "http://" + address
}

func waitForPort(t *testing.T, address string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		<-tick.C
	}
	t.Fatalf("nothing listens at %s", address)
}
